import { sharedStack } from '@roost/devstack';
import { expect, it } from 'vitest';
import { createMigrationSource } from './data-source';
import { schemaDiff } from './schema-diff';

it('migrations bring an empty database to what the entities say, and back', async () => {
  const database = await (await sharedStack()).createDatabase('migrations');
  const source = await createMigrationSource(database.url).initialize();
  try {
    await source.runMigrations();
    expect(await schemaDiff(source)).toEqual({ up: [], down: [] });

    for (const _migration of source.migrations) await source.undoLastMigration();
    const left = await source.query<unknown[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    expect(left).toEqual([]);
  } finally {
    await source.destroy();
    await database.drop();
  }
});
