import { sharedStack } from '@roost/devstack';
import { expect, it } from 'vitest';
import { createDataSource } from './data-source';
import { migrations } from './migrations';
import { schemaDiff } from './schema-diff';

it('migrations bring an empty database to what the entities say, and back', async () => {
  const database = await (await sharedStack()).createDatabase('migrations');
  const source = await createDataSource(database.url, 2).initialize();
  try {
    await source.runMigrations();
    expect(await schemaDiff(source)).toEqual({ up: [], down: [] });

    for (const _ of migrations) await source.undoLastMigration();
    const left = await source.query<unknown[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    expect(left).toEqual([]);
  } finally {
    await source.destroy();
    await database.drop();
  }
});
