import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { CommandError, exitCodes } from '../exit-codes';
import { keptTables, migrationsOf } from './database.tables';
import type { Manifest } from './manifest';

const CONNECT_MS = 10_000;
type DatabaseBackup = Pick<Manifest, 'migrations' | 'tables'>;

/** Writes every table, all as of one moment, while managers go on. */
export function backUpDatabase(url: string, folder: string): Promise<DatabaseBackup> {
  return connected(url, async (client) => {
    await mkdir(tablesIn(folder), { recursive: true, mode: 0o700 });
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const migrations = await migrationsOf(client);
    const tables: Manifest['tables'] = [];
    for (const { name, columns } of await keptTables(client)) {
      const rows = client.query(copyTo(`COPY (SELECT ${columns.join(', ')} FROM ${name}) TO STDOUT`));
      await pipeline(rows, createWriteStream(fileOf(folder, name), { mode: 0o600 }));
      tables.push({ name, columns, rows: rows.rowCount });
    }
    await client.query('COMMIT');
    return { migrations, tables };
  });
}

/** Fills the tables of an empty installation, all or none. @throws {CommandError} when it is of another schema, or not empty. */
export function restoreDatabase(url: string, folder: string, backup: DatabaseBackup): Promise<void> {
  return connected(url, async (client) => {
    await checkSchema(client, backup);
    await client.query('BEGIN');
    await checkEmpty(client);
    // Keys that a manager made for itself are in the way of those that come back.
    await client.query(`TRUNCATE ${backup.tables.map(({ name }) => name).join(', ')} CASCADE`);
    for (const { name, columns, rows } of backup.tables) {
      const taken = client.query(copyFrom(`COPY ${name} (${columns.join(', ')}) FROM STDIN`));
      await pipeline(createReadStream(fileOf(folder, name)), taken);
      if (taken.rowCount !== rows)
        throw new CommandError(
          `${name} should have ${rows} rows and has ${taken.rowCount}; nothing was restored.`,
        );
      await advanceSequences(client, name);
    }
    await client.query('COMMIT');
  });
}

async function checkSchema(client: Client, { migrations }: DatabaseBackup): Promise<void> {
  const here = await migrationsOf(client).catch((): string[] => []);
  if (here.join() === migrations.join()) return;
  const missing = migrations.filter((name) => !here.includes(name));
  throw new CommandError(
    missing.length > 0
      ? `The database lacks migrations of the backup (${missing.join(', ')}); run first: npm run migration:run`
      : 'The database is of a newer release than the backup; restore into one of the release that made it, then migrate.',
    exitCodes.invalid,
  );
}

async function checkEmpty(client: Client): Promise<void> {
  const { rows } = await client.query<{ filled: boolean }>(
    'SELECT EXISTS (SELECT FROM agents) OR EXISTS (SELECT FROM knowledge_bases) AS filled',
  );
  if (rows[0]?.filled)
    throw new CommandError(
      'The installation is not empty; restore into a new database, or delete its agents and knowledge bases first.',
      exitCodes.invalid,
    );
}

async function advanceSequences(client: Client, table: string): Promise<void> {
  const { rows } = await client.query<{ column: string; sequence: string }>(
    `SELECT format('%I', attname) AS "column", pg_get_serial_sequence($1, attname) AS sequence FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND pg_get_serial_sequence($1, attname) IS NOT NULL`,
    [table],
  );
  for (const { column, sequence } of rows)
    await client.query(`SELECT setval($1, (SELECT coalesce(max(${column}), 0) + 1 FROM ${table}), false)`, [
      sequence,
    ]);
}

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  // Told by the statement that was under way.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new CommandError(
      `PostgreSQL does not answer (${error instanceof Error ? error.message : String(error)}); set DATABASE_URL or --database-url.`,
      exitCodes.unavailable,
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const tablesIn = (folder: string): string => join(folder, 'database');
const fileOf = (folder: string, table: string): string =>
  join(tablesIn(folder), `${table.replaceAll(/[^A-Za-z0-9_.]/g, '_')}.copy`);
