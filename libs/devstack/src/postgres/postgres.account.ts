import { execFileSync, spawnSync } from 'node:child_process';
import { DevstackError } from '../devstack.error';

/** The account a PostgreSQL server runs as when we are root, which PostgreSQL refuses to be. */
export interface Account {
  uid: number;
  gid: number;
}

const name = 'postgres';

/** Null for an ordinary user, who runs it as himself; as root the account `postgres`, created when missing. */
export function postgresAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  if (!idOf('-u')) {
    try {
      execFileSync('groupadd', ['--system', '--force', name], { stdio: 'pipe' });
      execFileSync('useradd', ['--system', '--gid', name, '--shell', '/usr/sbin/nologin', name], {
        stdio: 'pipe',
      });
    } catch (error) {
      throw new DevstackError(
        `PostgreSQL does not run as root and the account "${name}" could not be created (${reason(error)}): create it with useradd, or start as an ordinary user.`,
      );
    }
  }
  const uid = idOf('-u');
  const gid = idOf('-g');
  if (!uid || !gid)
    throw new DevstackError(`The account "${name}" has no usable uid: create it with useradd.`);
  return { uid, gid };
}

/** Whether the account can enter the directory `path`, or run the program. */
export function canReach(account: Account, path: string): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], {
    uid: account.uid,
    gid: account.gid,
    cwd: '/',
  });
  return status === 0;
}

function idOf(flag: '-u' | '-g'): number | null {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return status === 0 ? Number.parseInt(stdout, 10) : null;
}

function reason(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: Buffer };
  return (stderr?.toString().trim() ?? '') || message;
}
