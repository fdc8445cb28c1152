import { readdir } from 'node:fs/promises';
import { Client } from 'pg';
import type { RoostctlConfig } from '../config';
import { type Check, failed, ok, skipped, type Verdict } from './check';

const MIGRATIONS = new URL('../../../../apps/manager-api/src/database/migrations/', import.meta.url);
const CONNECT_MS = 5_000;

/** Whether the database has the schema of this release. */
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
    const { rows } = await client.query<{ timestamp: string }>('SELECT "timestamp"::text FROM migrations');
    const here = new Set(rows.map(({ timestamp }) => timestamp));
    const known = (await readdir(MIGRATIONS)).flatMap((file) => /^(\d+)-/.exec(file)?.[1] ?? []);
    const missing = known.filter((timestamp) => !here.has(timestamp));
    if (missing.length > 0)
      return failed(`${missing.length} of ${known.length} migrations are missing: npm run migration:run`);
    const newer = here.size - known.length;
    return newer > 0
      ? failed(`the database has ${newer} migrations of a newer release: use that`)
      : ok(`${known.length} migrations`);
  } catch (error) {
    return failed(
      `${error instanceof Error ? error.message : String(error)}: see DATABASE_URL; an empty database needs npm run migration:run`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
