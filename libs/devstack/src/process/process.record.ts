import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DevstackError } from '../devstack.error';
import { identify, isAlive, type ProcessIdentity } from './process.identity';
import { waitUntil } from './wait.until';

/** Written beside the data of a process we started, so that a later start can find and end it. */
export interface ProcessRecord extends ProcessIdentity {
  name: string;
  stop_signal: NodeJS.Signals;
  /** The process that started it and is to end it. */
  owner: ProcessIdentity;
}

export function writeRecord(file: string, record: Omit<ProcessRecord, 'owner'>): void {
  const owner = identify(process.pid);
  if (!owner) throw new Error('the start time of this process cannot be read (is /proc mounted?)');
  writeFileSync(`${file}.new`, JSON.stringify({ ...record, owner }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function readRecord(file: string): ProcessRecord | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
  } catch {
    return null;
  }
}

/**
 * Ends the recorded process if its owner died without doing so, and removes the record.
 *
 * @throws {DevstackError} its owner lives and uses it.
 */
export async function endLeftover(file: string): Promise<void> {
  const record = readRecord(file);
  if (record && isAlive(record)) {
    if (isAlive(record.owner)) {
      throw new DevstackError(
        `${record.name} is in use by process ${record.owner.pid}: end that one first (npm stop), then start again.`,
      );
    }
    await endProcess(record, record.stop_signal, 10_000);
  }
  rmSync(file, { force: true });
}

/** Asks a process that is not our child to end, kills it (and its group) after `graceMs`, waits until it is gone. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  const gone = () => Promise.resolve(isAlive(identity) ? undefined : true);
  signalQuietly(identity.pid, signal);
  try {
    await waitUntil(`process ${identity.pid} ends after ${signal}`, gone, { deadlineMs: graceMs });
  } catch {
    if (isAlive(identity)) signalGroup(identity.pid, 'SIGKILL');
    await waitUntil(`process ${identity.pid} ends after SIGKILL`, gone, { deadlineMs: 5_000 });
  }
}

/** Signals a process and its group, or the process alone if it leads none. One that is gone is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (!signalQuietly(-pid, signal)) signalQuietly(pid, signal);
}

export function signalQuietly(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
