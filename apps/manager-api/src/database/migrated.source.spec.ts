import { sharedStack } from '@roost/devstack';
import { expect, it } from 'vitest';
import { createMigrationSource, databaseOptions } from './data-source';
import { migratedSource } from './migrated.source';

it('a manager does not serve from a database that lacks a migration of its release', async () => {
  const database = await (await sharedStack()).createDatabase('migrated');
  const migrating = await createMigrationSource(database.url).initialize();
  try {
    await migrating.runMigrations();
    await (await migratedSource(databaseOptions(database.url, 2))).destroy();

    const newest = migrating.migrations.at(-1)?.name ?? '';
    await migrating.undoLastMigration();
    await expect(migratedSource(databaseOptions(database.url, 2))).rejects.toThrow(
      `The database lacks ${newest}: run the migrations of this release first.`,
    );
  } finally {
    await migrating.destroy();
    await database.drop();
  }
});
