import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { postgresAccount } from '../postgres/postgres.account';
import { reachableDirectory } from '../postgres/postgres.location';
import { identify, isAlive, type ProcessIdentity } from '../process/process.identity';
import { endLeftover } from '../process/process.record';

/** A directory for the servers of one test run; those of runs that were killed are ended and removed first. */
export async function openRunDirectory(): Promise<string> {
  const shared = join(tmpdir(), `roost-test-${userInfo().uid}`);
  mkdirSync(shared, { recursive: true });
  if (lstatSync(shared).uid !== userInfo().uid) {
    throw new Error(`${shared} belongs to another user: remove it, or set TMPDIR`);
  }
  const base = reachableDirectory(shared, postgresAccount());
  await Promise.all(readdirSync(base).map((name) => sweep(join(base, name))));

  const directory = mkdtempSync(join(base, 'run-'));
  chmodSync(directory, 0o711);
  writeFileSync(join(directory, 'owner.json'), JSON.stringify(identify(process.pid)));
  return directory;
}

/** Ends what a run that was killed left behind; a living run's directory stays. */
export async function sweep(directory: string): Promise<void> {
  let owner: ProcessIdentity;
  try {
    owner = JSON.parse(readFileSync(join(directory, 'owner.json'), 'utf8')) as ProcessIdentity;
  } catch {
    // Another run is making this directory just now, or removing it.
    return;
  }
  if (isAlive(owner)) return;
  const records = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(^|\/)(postgres|redis)\.json$/.test(path),
  );
  await Promise.all(records.map((record) => endLeftover(join(directory, record))));
  rmSync(directory, { recursive: true, force: true });
}
