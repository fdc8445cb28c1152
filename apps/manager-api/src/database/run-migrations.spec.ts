import { sharedStack } from '@roost/devstack';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { createMigrationSource } from './data-source';
import { runMigrations } from './run-migrations';

it('a migration that must wait for a long reader does not keep others waiting', async () => {
  const database = await (await sharedStack()).createDatabase('locks');
  const source = await createMigrationSource(database.url).initialize();
  const [backup, manager] = [1, 2].map(() => new Client({ connectionString: database.url })) as [
    Client,
    Client,
  ];
  await Promise.all([backup.connect(), manager.connect()]);
  try {
    await source.runMigrations();
    await source.undoLastMigration();
    await backup.query('BEGIN');
    await backup.query('SELECT FROM messages');

    const migrating = runMigrations(source);
    const isWaiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '^ALTER TABLE "messages"'
                       AND datname = current_database()`;
    await expect.poll(async () => (await manager.query(isWaiting)).rowCount, { timeout: 5_000 }).toBe(1);
    // Queues behind the migration, and is let through while the reader still reads.
    await manager.query('SELECT FROM messages');

    await backup.query('COMMIT');
    expect(await migrating).toHaveLength(1);
  } finally {
    await Promise.all([backup.end(), manager.end(), source.destroy()]);
    await database.drop();
  }
});
