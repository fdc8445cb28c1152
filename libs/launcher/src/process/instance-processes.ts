import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { LaunchRefusedError, type InstanceSpec, type PresentInstance } from '../launcher';
import { InstanceLog } from './instance-log';
import { isAbsence, type InstanceRecord, type InstanceRecords } from './instance-records';
import { identify, identifyLeaderIn, isAlive, type ProcessIdentity } from './process-identity';
import type { ProcessLauncherOptions } from './process.options';

const OUT_OF_HEAP = 'JavaScript heap out of memory';
const LINES_OF_A_FATAL_ERROR = 100;
/** Milliseconds between the start of a process and the note of its number, at most. */
const NOTE_MS_MAX = 10_000;

/** Starts, signals and observes the processes behind records. */
export class InstanceProcesses {
  /** Children of this process, until their end is on record. */
  readonly #children = new Set<string>();
  /** Since when instances are known here that began and have no process on record; by `performance.now()`. */
  readonly #unnoted = new Map<string, number>();

  constructor(
    private readonly options: ProcessLauncherOptions,
    private readonly records: InstanceRecords,
    private readonly onEnd: (instance_id: string) => void,
  ) {}

  /** Starts the process and notes its number before anything else can happen here. */
  start(record: InstanceRecord, spec: InstanceSpec): void {
    const folder = this.records.folderOf(record.instance_id);
    const log = new InstanceLog(folder);
    const output = log.openForProcess();
    const node = this.options.node ?? process.execPath;
    const heap = `--max-old-space-size=${spec.limits.memory_mb}`;
    const child = spawn(node, [heap, ...(this.options.node_args ?? []), this.options.entry], {
      cwd: folder,
      env: { PATH: `${dirname(node)}:/usr/local/bin:/usr/bin:/bin`, ...spec.env },
      // A process group of its own: signals to the manager's terminal do not reach it.
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    if (child.pid === undefined) {
      child.once('error', () => undefined);
      throw new LaunchRefusedError(`Node.js could not be started as ${node}; check the path`);
    }

    const started_at = new Date().toISOString();
    const started = {
      ...record,
      started_at,
      process: identify(child.pid) ?? { pid: child.pid, started: '' },
    };
    this.#children.add(record.instance_id);
    this.records.writeNow(started);
    child.unref();
    child.once('exit', (code, signal) => {
      endGroup(started.process.pid);
      void this.#recordEnd(started, exitCode(code, signal), log);
    });
  }

  /** @returns false when there is no such process any more. */
  signal(record: InstanceRecord, signal: NodeJS.Signals): boolean {
    const identity = this.#identityOf(record);
    if (!identity || this.observe(record).state !== 'running') return false;
    try {
      process.kill(-identity.pid, signal);
    } catch (error) {
      if (!isNoSuchProcess(error)) throw error;
    }
    return true;
  }

  observe(record: InstanceRecord): PresentInstance {
    const { process: identity, ...known } = record;
    if (identity === null) return { ...known, state: this.#unnotedState(record.instance_id) };
    this.#unnoted.delete(record.instance_id);
    const runs = this.#children.has(record.instance_id) || (record.ended_at === null && isAlive(identity));
    return { ...known, state: runs ? 'running' : 'exited' };
  }

  /** The instance is on record no more. */
  forget(instance_id: string): void {
    this.#unnoted.delete(instance_id);
  }

  /** Whether a process was started for it, on record or not. */
  hasBegun(record: InstanceRecord): boolean {
    return this.#identityOf(record) !== undefined;
  }

  /** A manager that was killed between the start of a process and the note of its number left it to be found. */
  #identityOf({ process: identity, instance_id }: InstanceRecord): ProcessIdentity | undefined {
    return identity ?? identifyLeaderIn(this.records.folderOf(instance_id));
  }

  #unnotedState(instance_id: string): PresentInstance['state'] {
    const folder = this.records.folderOf(instance_id);
    if (identifyLeaderIn(folder)) return 'running';
    // Its output is opened just before the process is started.
    if (!new InstanceLog(folder).exists()) return 'created';
    const since = this.#unnoted.get(instance_id) ?? performance.now();
    this.#unnoted.set(instance_id, since);
    return performance.now() - since > (this.options.note_ms ?? NOTE_MS_MAX) ? 'exited' : 'created';
  }

  async #recordEnd(started: InstanceRecord, exit_code: number | null, log: InstanceLog): Promise<void> {
    const ended_at = new Date().toISOString();
    try {
      const aborted = exit_code === 128 + constants.signals.SIGABRT;
      const oom_killed =
        aborted && (await log.tail(LINES_OF_A_FATAL_ERROR)).some((line) => line.includes(OUT_OF_HEAP));
      this.records.writeNow({ ...started, ended_at, exit_code, oom_killed });
    } catch (error) {
      if (!isAbsence(error))
        process.emitWarning(`the end of ${started.instance_id} was not noted: ${String(error)}`);
    } finally {
      this.#children.delete(started.instance_id);
      this.onEnd(started.instance_id);
    }
  }
}

/** What the instance started ends with it, as in a container. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number | null {
  return signal === null ? code : 128 + constants.signals[signal];
}

const isNoSuchProcess = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ESRCH';
