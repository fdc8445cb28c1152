import { sharedStack } from '@roost/devstack';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { indexConcurrently } from './index.concurrently';
import { migratingOptions } from './postgres.options';

it('an index waits for a reader for longer than a migration waits for its table, and replaces an unfinished one', async () => {
  const database = await (await sharedStack()).createDatabase('index');
  const options = migratingOptions({ url: database.url, application_name: 'notes-migrate' });
  const source = new DataSource({ ...options, extra: { ...(options.extra as object), lock_timeout: 100 } });
  const [backup, other] = [1, 2].map(() => new Client({ connectionString: database.url })) as [
    Client,
    Client,
  ];
  await Promise.all([source.initialize(), backup.connect(), other.connect()]);
  const runner = source.createQueryRunner();
  try {
    await other.query('CREATE TABLE notes (id int)');
    await other.query('INSERT INTO notes VALUES (1), (1)');
    // Fails, and leaves an index that is not valid.
    await expect(indexConcurrently(runner, 'by_id', 'notes (id)', 'UNIQUE')).rejects.toThrow('unique');
    await other.query('DELETE FROM notes');
    await backup.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await backup.query('SELECT FROM notes');

    const building = indexConcurrently(runner, 'by_id', 'notes (id)', 'UNIQUE');
    const waits = `SELECT FROM pg_stat_activity WHERE application_name = 'notes-migrate' AND wait_event_type = 'Lock'
                   AND clock_timestamp() - query_start > interval '300 ms'`;
    await expect.poll(async () => (await other.query(waits)).rowCount, { timeout: 10_000 }).toBe(1);
    await other.query('INSERT INTO notes VALUES (2)');
    await backup.query('COMMIT');
    await building;

    const valid = `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'by_id'::regclass`;
    expect((await other.query(valid)).rows).toEqual([{ valid: true }]);
    expect(await runner.query('SHOW lock_timeout')).toEqual([{ lock_timeout: '100ms' }]);
  } finally {
    await runner.release();
    await Promise.all([source.destroy(), backup.end(), other.end()]);
    await database.drop();
  }
});
