import { Client, DatabaseError } from 'pg';
import { CommandError, exitCodes } from '../exit-codes';

const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;
/** A table of many gigabytes is one statement, and documents are copied within a transaction. */
const SETTINGS = `SET lock_timeout = '30s'; SET statement_timeout = '6h'; SET idle_in_transaction_session_timeout = '6h'`;
const LOCK_NOT_AVAILABLE = '55P03';

/** @throws {CommandError} when PostgreSQL does not answer, or others hold what is needed. */
export async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    // A statement may be silent for long; a server that is gone is noticed all the same.
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: 'roostctl',
  });
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
    await client.query(SETTINGS);
    return await work(client);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error;
    throw new CommandError(
      'Another session has locked a table for 30 s: wait for migrations, before a restore stop the managers, then try again.',
    );
  } finally {
    await client.end();
  }
}
