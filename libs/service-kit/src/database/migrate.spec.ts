import { sharedStack, type TestDatabase } from '@roost/devstack';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from './migrate';
import { migratingNotes } from './notes.fixture';

const logger = pino({ enabled: false });

describe('migrating', () => {
  let database: TestDatabase;
  let clients: [backup: Client, service: Client];
  beforeEach(async () => {
    database = await (await sharedStack()).createDatabase('migrate');
    clients = [
      new Client({ connectionString: database.url }),
      new Client({ connectionString: database.url }),
    ];
    await Promise.all(clients.map((client) => client.connect()));
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await database.drop();
  });

  it('that must wait for a long reader does not keep others waiting', async () => {
    const [backup, service] = clients;
    await migrate(migratingNotes(database.url, 1), 1, logger);
    await backup.query('BEGIN');
    await backup.query('SELECT FROM notes');

    const migrating = migrate(migratingNotes(database.url, 2), 1, logger);
    const isWaiting = `SELECT FROM pg_stat_activity
                       WHERE wait_event_type = 'Lock' AND query ~ '^ALTER TABLE notes' AND datname = current_database()`;
    await expect.poll(async () => (await service.query(isWaiting)).rowCount, { timeout: 5_000 }).toBe(1);
    // Queues behind the migration, and is let through while the reader still reads.
    await service.query('SELECT FROM notes');

    await backup.query('COMMIT');
    await migrating;
    await service.query('SELECT remark FROM notes');
  });

  it('is done once by programs that start together', async () => {
    const [, service] = clients;
    await Promise.all([1, 2, 3].map(() => migrate(migratingNotes(database.url, 2), 1, logger)));
    expect((await service.query('SELECT name FROM migrations ORDER BY id')).rows).toEqual([
      { name: 'Notes1700000000001' },
      { name: 'Remark1700000000002' },
    ]);
  });
});
