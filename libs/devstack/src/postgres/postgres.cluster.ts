import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DevstackError } from '../devstack.error';
import { commandLine, identify } from '../process/process.identity';
import { endProcess } from '../process/process.record';
import type { Account } from './postgres.account';
import type { PostgresBinaries } from './postgres.binaries';

const run = promisify(execFile);

/** The files of one server: `<home>/pgdata` belongs to its account, the password beside it to us alone. */
export interface Cluster {
  pgdata: string;
  password: string;
}

/** Opens the cluster in `home`, and makes it first if there is none. An initdb that was cut off leaves nothing behind. */
export async function openCluster(
  home: string,
  binaries: PostgresBinaries,
  account: Account | null,
  { fsync }: { fsync: boolean },
): Promise<Cluster> {
  const pgdata = join(home, 'pgdata');
  const passwordFile = join(home, 'password');
  if (existsSync(join(pgdata, 'PG_VERSION')) && existsSync(passwordFile)) {
    await requireSameVersion(pgdata, home, binaries);
    return { pgdata, password: readFileSync(passwordFile, 'utf8') };
  }

  const password = randomBytes(24).toString('base64url');
  const unfinished = join(home, 'pgdata.new');
  const initdbPassword = join(home, 'password.initdb');
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(initdbPassword, { force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(initdbPassword, password, { mode: 0o600 });
  if (account) {
    chownSync(unfinished, account.uid, account.gid);
    chownSync(initdbPassword, account.uid, account.gid);
  }
  try {
    await run(
      binaries.initdb,
      [
        `--pgdata=${unfinished}`,
        '--username=postgres',
        `--pwfile=${initdbPassword}`,
        '--auth=scram-sha-256',
        // The builtin provider sorts the same on every machine and needs no locale installed.
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        ...(fsync ? [] : ['--no-sync']),
      ],
      { cwd: '/', timeout: 60_000, ...(account ?? {}) },
    );
  } finally {
    rmSync(initdbPassword, { force: true });
  }
  writeFileSync(passwordFile, password, { mode: 0o600 });
  renameSync(unfinished, pgdata);
  return { pgdata, password };
}

/**
 * Makes room for a new server after the last one was killed: ends it if it still runs, and removes a
 * postmaster.pid whose pid belongs to somebody else by now (PostgreSQL would take that one for a server).
 */
export async function clearStaleServer(pgdata: string): Promise<void> {
  const pidFile = join(pgdata, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  const identity = Number.isInteger(pid) ? identify(pid) : null;
  if (identity && commandLine(pid).includes(pgdata)) await endProcess(identity, 'SIGINT', 15_000);
  rmSync(pidFile, { force: true });
}

async function requireSameVersion(pgdata: string, home: string, binaries: PostgresBinaries): Promise<void> {
  const written = readFileSync(join(pgdata, 'PG_VERSION'), 'utf8').trim();
  const { stdout } = await run(binaries.postgres, ['--version'], { cwd: '/', timeout: 10_000 });
  const installed = /(\d+)/.exec(stdout)?.[1];
  if (written === installed) return;
  throw new DevstackError(
    `The data in ${home} was written by PostgreSQL ${written}, and ${installed ?? 'another'} is installed now: move that directory away to start empty.`,
  );
}
