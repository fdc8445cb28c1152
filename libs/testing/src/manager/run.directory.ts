import { endLeftover, identify, isAlive, type ProcessIdentity } from '@roost/devstack';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { RunnerProcesses } from './runner.processes';

/** Where one installation keeps logs, process records and runners; of runs that were killed the rest is ended first. */
export async function openRunDirectory(): Promise<string> {
  const base = join(tmpdir(), `roost-e2e-${userInfo().uid}`);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  await Promise.all(readdirSync(base).map((name) => sweep(join(base, name))));
  const directory = mkdtempSync(join(base, 'run-'));
  for (const folder of [recordsIn(directory), runnersIn(directory)]) mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(directory, 'owner.json'), JSON.stringify(identify(process.pid)));
  return directory;
}

export const runnersIn = (directory: string): string => join(directory, 'runners');
export const recordsIn = (directory: string): string => join(directory, 'processes');

async function sweep(directory: string): Promise<void> {
  let owner: ProcessIdentity;
  try {
    owner = JSON.parse(readFileSync(join(directory, 'owner.json'), 'utf8')) as ProcessIdentity;
  } catch {
    // Another run is making this directory just now, or removing it.
    return;
  }
  if (isAlive(owner)) return;
  const records = recordsIn(directory);
  await Promise.all(readdirSync(records).map((name) => endLeftover(join(records, name))));
  new RunnerProcesses(runnersIn(directory)).killAll();
  rmSync(directory, { recursive: true, force: true });
}
