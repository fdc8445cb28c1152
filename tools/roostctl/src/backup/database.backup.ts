import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { CommandError, exitCodes } from '../exit-codes';
import { connected } from './database.connection';
import { checkPrivileges, keptTables, migrationsOf } from './database.tables';
import type { Manifest } from './manifest';

type DatabaseBackup = Pick<Manifest, 'migrations' | 'tables'>;

/** What the rows refer to outside of the database. */
export interface Elsewhere {
  /** Documents have files. */
  files: boolean;
  /** Documents can be searched, and PostgreSQL does not hold their chunks. */
  vectors: boolean;
}

/** A manager adds the keys of its configuration when it starts. */
const SELF_MADE = ['public.api_keys'];

const MIGRATE: Record<string, string> = {
  public: 'npm run migration:run',
  telegram:
    'ADMIN_DATABASE_URL=… DATABASE_URL=… node dist/apps/telegram-gateway/migrate.js (with compose: docker compose --profile telegram run --rm telegram-migrate)',
};

/** Writes every table, all as of one moment, while managers go on; `check` may refuse before anything is written. */
export function backUpDatabase(
  url: string,
  folder: string,
  check: (elsewhere: Elsewhere) => void,
): Promise<DatabaseBackup & { elsewhere: Elsewhere }> {
  return connected(url, async (client) => {
    await checkPrivileges(client, ['SELECT']);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const elsewhere = await elsewhereOf(client);
    check(elsewhere);
    await mkdir(tablesIn(folder), { recursive: true, mode: 0o700 });
    const migrations = await migrationsOf(client);
    const tables: Manifest['tables'] = [];
    for (const { name, columns } of await keptTables(client)) {
      const rows = client.query(copyTo(`COPY (SELECT ${columns.join(', ')} FROM ${name}) TO STDOUT`));
      await pipeline(rows, createWriteStream(fileOf(folder, name), { mode: 0o600 }));
      tables.push({ name, columns, rows: rows.rowCount });
    }
    await client.query('COMMIT');
    return { migrations, tables, elsewhere };
  });
}

/**
 * Fills the tables of an empty installation, all or none: it is committed once `rest` has brought back what lies
 * elsewhere, so that a restore that failed can be repeated.
 * @throws {CommandError} when it is of another schema, or not empty.
 */
export function restoreDatabase(
  url: string,
  folder: string,
  backup: DatabaseBackup,
  rest: () => Promise<void>,
): Promise<void> {
  return connected(url, async (client) => {
    await checkPrivileges(client, ['SELECT', 'INSERT', 'TRUNCATE']);
    await checkSchema(client, backup);
    await client.query('BEGIN');
    await checkEmpty(client);
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
    await rest();
    await client.query('COMMIT');
  });
}

async function elsewhereOf(client: Client): Promise<Elsewhere> {
  const { rows } = await client.query<Elsewhere>(
    `SELECT count(content_hash) > 0 AS files,
            count(published_revision) > 0 AND NOT EXISTS (SELECT FROM knowledge_chunks) AS vectors
       FROM knowledge_documents WHERE deleted_at IS NULL`,
  );
  return rows[0] ?? { files: false, vectors: false };
}

async function checkSchema(client: Client, { migrations }: DatabaseBackup): Promise<void> {
  const applied = await migrationsOf(client);
  for (const [schema, wanted] of Object.entries(migrations)) {
    const here = applied[schema] ?? [];
    if (here.join() === wanted.join()) continue;
    const missing = wanted.filter((name) => !here.includes(name));
    throw new CommandError(
      missing.length > 0
        ? `The schema ${schema} lacks migrations of the backup (${missing.join(', ')}); run first: ${MIGRATE[schema] ?? 'its migrations'}`
        : `The schema ${schema} is of a newer release than the backup; restore into one of the release that made it, then migrate.`,
      exitCodes.invalid,
    );
  }
}

async function checkEmpty(client: Client): Promise<void> {
  for (const { name } of await keptTables(client)) {
    if (SELF_MADE.includes(name)) continue;
    const { rowCount } = await client.query(`SELECT FROM ${name} LIMIT 1`);
    if (rowCount)
      throw new CommandError(
        `The installation is not empty: ${name} has rows. Restore into a new database.`,
        exitCodes.invalid,
      );
  }
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

const tablesIn = (folder: string): string => join(folder, 'database');
const fileOf = (folder: string, table: string): string =>
  join(tablesIn(folder), `${table.replaceAll(/[^A-Za-z0-9_.]/g, '_')}.copy`);
