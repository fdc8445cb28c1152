import { sharedStack } from '@roost/devstack';
import { migratedSource, schemaDiff } from '@roost/service-kit/database';
import { harmsOf, type Step } from '@roost/testing';
import { Client } from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrationSource, databaseOptions } from './data-source';
import { prepareRole } from './gateway.role';
import { migrations } from './migrations';

describe("the gateway's part of the database", () => {
  let admin_url = '';
  let url = '';
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await (await sharedStack()).createDatabase('telegram');
    admin_url = database.url;
    drop = () => database.drop();
    const own = new URL(admin_url);
    own.username = `${database.name}_gateway`;
    own.password = "p'w d";
    url = own.href;
    await prepareRole(admin_url, url);
  });
  afterAll(() => drop());

  it('is what its entities say once it is migrated, and is gone when that is undone', async () => {
    const source = await createMigrationSource(url).initialize();
    try {
      await source.runMigrations();
      expect(await schemaDiff(source)).toEqual({ up: [], down: [] });
      for (const _migration of source.migrations) await source.undoLastMigration();
      const left = await source.query<unknown[]>(
        `SELECT tablename FROM pg_tables WHERE schemaname = 'telegram' AND tablename <> 'migrations'`,
      );
      expect(left).toEqual([]);
    } finally {
      await source.destroy();
    }
  });

  it('serves no gateway before it has what its release needs', async () => {
    await expect(migratedSource(databaseOptions(url, 2))).rejects.toThrow(
      'run the migrations of this release first',
    );
  });

  it('is all that its role sees, also when it was prepared twice', async () => {
    await prepareRole(admin_url, url);
    const admin = new Client({ connectionString: admin_url });
    const gateway = new Client({ connectionString: url });
    await Promise.all([admin.connect(), gateway.connect()]);
    try {
      await admin.query('CREATE TABLE public.secrets (id int)');
      await expect(gateway.query('SELECT * FROM public.secrets')).rejects.toThrow(/permission denied/);
      await expect(gateway.query('CREATE TABLE public.mine (id int)')).rejects.toThrow(/permission denied/);
      await expect(gateway.query('CREATE ROLE another')).rejects.toThrow(/permission denied/);
    } finally {
      await Promise.all([admin.end(), gateway.end()]);
    }
  });

  it('is never given to the role that prepares it', async () => {
    await expect(prepareRole(admin_url, admin_url)).rejects.toThrow(/a role of its own/);
  });
});

const all: (MigrationInterface & Step)[] = migrations.map((Migration) => new Migration());

it.each(all)(
  '$name may run beside the release before, or says why nobody uses what it takes away',
  async (migration) => {
    expect(await harmsOf(migration, (runner) => migration.up(runner as QueryRunner))).toEqual([]);
  },
);
