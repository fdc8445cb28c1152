import { readdir } from 'node:fs/promises';
import { Client } from 'pg';
import type { RoostctlConfig } from '../config';
import { type Check, failed, ok, skipped, type Verdict } from './check';

const APPS = new URL('../../../../apps/', import.meta.url);
const CONNECT_MS = 5_000;

/** Whether the database has the schemas of this release. */
export const databaseChecks = ({ DATABASE_URL }: RoostctlConfig): Check[] => [
  {
    name: 'PostgreSQL and migrations',
    run: () =>
      DATABASE_URL === undefined
        ? Promise.resolve(skipped('set DATABASE_URL or --database-url to see whether migrations are current'))
        : migrationsIn(DATABASE_URL),
  },
];

async function migrationsIn(url: string): Promise<Verdict> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = [await compared(client, 'manager-api', 'public', 'npm run migration:run')];
    // An installation without Telegram has none.
    const { rows } = await client.query<{ gateway: boolean }>(
      `SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS gateway
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'telegram' AND c.relname = 'migrations'`,
    );
    if (rows[0]?.gateway)
      found.push(await compared(client, 'telegram-gateway', 'telegram', "the gateway's migrate program"));
    return found.find(({ verdict }) => verdict !== 'ok') ?? ok(found.map(({ hint }) => hint).join('; '));
  } catch (error) {
    return failed(
      `${error instanceof Error ? error.message : String(error)}: see DATABASE_URL; an empty database needs npm run migration:run`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A release runs on the schema of the next as well. */
async function compared(client: Client, app: string, schema: string, remedy: string): Promise<Verdict> {
  const { rows } = await client.query<{ timestamp: string }>(
    `SELECT "timestamp"::text FROM ${schema}.migrations`,
  );
  const here = new Set(rows.map(({ timestamp }) => timestamp));
  const files = await readdir(new URL(`${app}/src/database/migrations/`, APPS));
  const known = files.flatMap((file) => /^(\d+)-/.exec(file)?.[1] ?? []);
  const missing = known.filter((timestamp) => !here.has(timestamp));
  if (missing.length > 0)
    return failed(`${missing.length} of ${known.length} migrations of ${app} are missing: ${remedy}`);
  const newer = here.size - known.length;
  return ok(
    `${known.length} migrations of ${app}${newer > 0 ? `, and ${newer} of a newer release, with which this one runs` : ''}`,
  );
}
