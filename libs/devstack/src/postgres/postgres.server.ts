import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../process/free.port';
import { startChild, type ManagedChild } from '../process/managed.child';
import { endLeftover } from '../process/process.record';
import { waitUntil } from '../process/wait.until';
import { postgresAccount } from './postgres.account';
import { runnableBinaries, shippedBinaries } from './postgres.binaries';
import { clearStaleServer, openCluster } from './postgres.cluster';
import { reachableDirectory } from './postgres.location';
import { createDatabase, postgresUrl, type TestDatabase } from './test.database';

export interface PostgresOptions {
  /** Where its files are kept; see {@link PostgresServer.dataDir}. */
  dataDir: string;
  /** A free one when absent. */
  port?: number;
  /** False removes the files on stop. Default true. */
  persistent?: boolean;
  /** False trades durability for speed; for tests that do not look at it. Default true. */
  fsync?: boolean;
}

export interface PostgresServer {
  /** The database `postgres`, as superuser. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The directory asked for, or its stand-in where the account `postgres` can get to. */
  readonly dataDir: string;
  readonly child: ManagedChild;
  /** Creates the database unless it exists, and returns its URL. */
  createDatabase(name: string): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL on 127.0.0.1 and resolves when it answers queries.
 *
 * @throws {DevstackError} the data directory is in use, or this user cannot run a server.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { persistent = true, fsync = true } = options;
  const account = postgresAccount();
  const binaries = runnableBinaries(await shippedBinaries(), account);
  const home = reachableDirectory(options.dataDir, account);
  const recordFile = join(home, 'postgres.json');
  await endLeftover(recordFile);
  const { pgdata, password } = await openCluster(home, binaries, account, { fsync });

  const launch = async (port: number) => {
    await clearStaleServer(pgdata);
    const url = postgresUrl(port, password, 'postgres');
    const child = await startChild({
      name: 'PostgreSQL',
      command: binaries.postgres,
      args: ['-D', pgdata, '-p', String(port), ...settings(fsync)],
      runAs: account,
      logFile: join(home, 'postgres.log'),
      recordFile,
      // "Fast shutdown": SIGTERM would wait for every client to leave.
      stopSignal: 'SIGINT',
    });
    try {
      await waitUntil('PostgreSQL answers', () => answers(url), { deadlineMs: 60_000, watched: child });
    } catch (error) {
      await child.stop();
      throw error;
    }
    return { url, port, child };
  };

  const { url, port, child } =
    options.port === undefined ? await onFreePort(launch) : await launch(options.port);
  return {
    url,
    port,
    pid: child.pid,
    dataDir: home,
    child,
    createDatabase: (name) => createDatabase(url, name),
    async stop() {
      await child.stop(15_000);
      if (!persistent) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Ends the server that a killed process left behind on this data; nothing to end is fine. */
export async function endLeftoverPostgres(dataDir: string): Promise<void> {
  const home = reachableDirectory(dataDir, postgresAccount());
  await endLeftover(join(home, 'postgres.json'));
  await clearStaleServer(join(home, 'pgdata'));
}

/** Somebody may take a free port before the server does, and the backends of a killed server need a moment to go. */
async function onFreePort<T>(launch: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(await freePort());
    } catch (error) {
      const worthAnother = /already in use|could not bind|still in use/i.test((error as Error).message);
      if (attempt === 5 || !worthAnother) throw error;
    }
  }
}

async function answers(url: string): Promise<true | undefined> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function settings(fsync: boolean): string[] {
  const values: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}
