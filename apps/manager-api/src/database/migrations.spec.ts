import { sharedStack } from '@roost/devstack';
import { schemaDiff } from '@roost/service-kit/database';
import { harmsOf, type Step } from '@roost/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { expect, it } from 'vitest';
import { createMigrationSource } from './data-source';
import { migrations } from './migrations';

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

/** What came before was never run beside a release. */
const FIRST_HELD = 'Integrations1795780000000';
const held: (MigrationInterface & Step)[] = migrations.map((Migration) => new Migration());

it.each(held.slice(held.findIndex(({ name }) => name === FIRST_HELD)))(
  '$name may run beside the release before, or says why nobody uses what it takes away',
  async (migration) => {
    expect(await harmsOf(migration, (runner) => migration.up(runner as QueryRunner))).toEqual([]);
  },
);
