import { sharedStack } from '@roost/devstack';
import { readdir } from 'node:fs/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config';
import type { Verdict } from './check';
import { databaseChecks } from './database.check';

const timestampsOf = async (app: string): Promise<string[]> =>
  (await readdir(new URL(`../../../../apps/${app}/src/database/migrations/`, import.meta.url))).flatMap(
    (file) => /^(\d+)-/.exec(file)?.[1] ?? [],
  );
const manager = await timestampsOf('manager-api');
const gateway = await timestampsOf('telegram-gateway');
const OF_LATER = '9999999999999';

describe('the database', () => {
  let client: Client;
  let url: string;
  let drop: () => Promise<void>;
  beforeEach(async () => {
    const database = await (await sharedStack()).createDatabase('doctor');
    ({ url } = database);
    drop = () => database.drop();
    client = new Client({ connectionString: url });
    await client.connect();
    await client.query('CREATE SCHEMA telegram');
  });
  afterEach(async () => {
    await client.end();
    await drop();
  });

  const migrated = async (schema: string, timestamps: string[]): Promise<void> => {
    await client.query(`CREATE TABLE ${schema}.migrations ("timestamp" bigint)`);
    await client.query(`INSERT INTO ${schema}.migrations SELECT unnest($1::bigint[])`, [timestamps]);
  };
  const verdict = async (): Promise<Verdict | undefined> =>
    databaseChecks(readConfig({ DATABASE_URL: url }))[0]?.run();

  it('with all migrations of both services is well', async () => {
    await migrated('public', manager);
    await migrated('telegram', gateway);
    expect(await verdict()).toEqual({
      verdict: 'ok',
      hint: `${manager.length} migrations of manager-api; ${gateway.length} migrations of telegram-gateway`,
    });
  });

  it('of a later release is well: this one runs with it', async () => {
    await migrated('public', [...manager, OF_LATER]);
    expect(await verdict()).toMatchObject({
      verdict: 'ok',
      hint: expect.stringContaining('1 of a newer release'),
    });
  });

  it.each([
    ['manager-api', manager.slice(1), gateway, 'npm run migration:run'],
    ['telegram-gateway', manager, gateway.slice(1), "the gateway's migrate program"],
  ])(
    'that lacks one of %s is not, and the hint says how it gets there',
    async (app, ours, theirs, remedy) => {
      await migrated('public', ours);
      await migrated('telegram', theirs);
      expect(await verdict()).toMatchObject({
        verdict: 'failed',
        hint: expect.stringMatching(new RegExp(`^1 of \\d+ migrations of ${app} are missing: ${remedy}`)),
      });
    },
  );

  it('that was never migrated is not', async () => {
    expect(await verdict()).toMatchObject({
      verdict: 'failed',
      hint: expect.stringContaining('npm run migration:run'),
    });
  });
});
