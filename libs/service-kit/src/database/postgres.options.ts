import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

interface Connection {
  url: string;
  pool_size: number;
  /** As PostgreSQL shows it in `pg_stat_activity`. */
  application_name: string;
}

const STATEMENT_MS = 15_000;
/** Milliseconds a migration waits for a table, for which all who come later wait, too; and what it may take then. */
const LOCK_MS = 3_000;
const MIGRATION_MS = 30 * 60_000;

/** PostgreSQL as a service uses it: the schema comes from migrations, and every statement has a deadline. */
export const servingOptions = (connection: Connection): PostgresOptions =>
  postgresOptions(connection, deadlines(STATEMENT_MS));

/** For the programs that change the schema beside services. */
export const migratingOptions = (connection: Omit<Connection, 'pool_size'>): PostgresOptions =>
  // One connection holds the lock, and one migrates.
  postgresOptions({ ...connection, pool_size: 2 }, { lock_timeout: LOCK_MS, ...deadlines(MIGRATION_MS) });

const postgresOptions = (
  { url, pool_size, application_name }: Connection,
  limits: object,
): PostgresOptions => ({
  type: 'postgres',
  // TypeORM looks for it in node_modules, which a bundle does not have.
  driver: pg,
  url,
  migrationsTransactionMode: 'each',
  poolSize: pool_size,
  connectTimeoutMS: 5_000,
  applicationName: application_name,
  extra: { ...limits, idle_in_transaction_session_timeout: 30_000, keepAlive: true },
});

/** Of one statement, for PostgreSQL; and for us, where it does not even answer that it took too long. */
const deadlines = (milliseconds: number) => ({
  statement_timeout: milliseconds,
  query_timeout: milliseconds + 1_000,
});
