import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identify, isAlive } from '../process/process.identity';
import { end, runSupervisor } from '../process/supervisor.fixture.run';
import { postgresAccount } from './postgres.account';
import { runnableBinaries, shippedBinaries } from './postgres.binaries';
import { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.server';

const asRoot = process.getuid?.() === 0;
let closed: string;
let dataDir: string;
let running: PostgresServer[];

beforeEach(() => {
  const open = mkdtempSync(join(tmpdir(), 'postgres-'));
  chmodSync(open, 0o711);
  closed = mkdtempSync(join(open, 'closed-'));
  dataDir = join(open, 'data');
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(dirname(dataDir), { recursive: true, force: true });
});

async function start(options: Partial<PostgresOptions> = {}): Promise<PostgresServer> {
  const server = await startPostgres({ dataDir, fsync: false, ...options });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  it('listens on loopback alone, with a password only this user can read', async () => {
    const { url, dataDir: home } = await start();
    expect(await query(url, 'SHOW listen_addresses')).toEqual(['127.0.0.1']);
    expect(await query(url, 'SHOW unix_socket_directories')).toEqual(['']);
    expect(statSync(join(home, 'password')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home, 'password'), 'utf8')).toHaveLength(32);
    const guess = new URL(url);
    guess.password = 'postgres';
    await expect(query(guess.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('keeps what was committed over a restart, with fsync unless told otherwise', async () => {
    const first = await start({ fsync: true });
    const { url } = await first.createDatabase('kept');
    await query(url, 'CREATE TABLE t AS SELECT 42 AS n');
    await first.stop();

    const second = await start({ fsync: true });
    const again = await second.createDatabase('kept');
    expect(await query(again.url, 'SELECT n FROM t')).toEqual([42]);
    expect(await query(again.url, 'SHOW fsync')).toEqual(['on']);
  });

  it('starts again after the server was killed and its pid went to another process', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGKILL');
    await first.child.exited;
    const pidFile = join(first.dataDir, 'pgdata', 'postmaster.pid');
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.ppid)));

    const second = await start();
    expect(await query(second.url, 'SELECT 1')).toEqual([1]);
    expect(identify(process.ppid)).not.toBeNull();
  });

  it('ends the server that a killed supervisor left behind, and takes over its data', async () => {
    const { supervisor, started } = await runSupervisor('postgres', dataDir);
    await end(supervisor, 'SIGKILL');
    expect(isAlive(started)).toBe(true);

    const server = await start();
    expect(isAlive(started)).toBe(false);
    expect(await query(server.url, 'SELECT 1')).toEqual([1]);
  });

  it('refuses data that a living supervisor uses, and leaves its server alone', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(`PostgreSQL is in use by process ${process.pid}`);
    expect(await query(first.url, 'SELECT 1')).toEqual([1]);
  });

  it('shows the last lines of the log when it cannot start', async () => {
    const first = await start();
    const second = start({ dataDir: `${dataDir}-2`, port: first.port });
    await expect(second).rejects.toThrow(/PostgreSQL answers: the process ended[^]*Address already in use/);
  });

  it('leaves nothing behind when it is not persistent', async () => {
    const server = await start({ persistent: false });
    await server.stop();
    expect(() => statSync(server.dataDir)).toThrow('ENOENT');
    expect(identify(server.pid)).toBeNull();
  });

  it.runIf(asRoot)('as root works below a directory that only root may enter', async () => {
    const server = await start({ dataDir: join(closed, 'data'), persistent: false });
    expect(await query(server.url, 'SELECT 1')).toEqual([1]);
    expect(server.dataDir).not.toContain(closed);
    expect(readFileSync(join(server.dataDir, 'origin'), 'utf8').trim()).toBe(join(closed, 'data'));
  });

  it.runIf(asRoot)('as root runs a copy of binaries that only root may enter', async () => {
    const shipped = await shippedBinaries();
    const root = join(closed, 'package');
    cpSync(resolve(dirname(shipped.postgres), '..', '..'), root, { recursive: true, verbatimSymlinks: true });
    const hidden = {
      postgres: join(root, 'native', 'bin', 'postgres'),
      initdb: join(root, 'native', 'bin', 'initdb'),
    };
    const account = postgresAccount();
    const copy = runnableBinaries(hidden, account);
    expect(copy.postgres).not.toContain(closed);
    expect(runnableBinaries(copy, account)).toEqual(copy);
  });
});
