import { anySignal } from 'any-signal';
import { EventEmitter } from 'node:events';
import { access } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { InFlight } from '../in-flight';
import {
  LaunchRefusedError,
  LauncherUnavailableError,
  type InstanceObservation,
  type InstanceSpec,
  type Launcher,
  type PresentInstance,
} from '../launcher';
import { followLog } from './follow-log';
import { InstanceLog } from './instance-log';
import { InstanceProcesses } from './instance-processes';
import { InstanceRecords } from './instance-records';
import type { ProcessLauncherOptions } from './process.options';
import { watchEnds } from './process-watch';

const LOOK_AGAIN_MS = 20;
const TRIM_EVERY_MS = 10_000;
const MIB = 1024 * 1024;

/**
 * Instances as processes of this machine, for the local stack only: nothing isolates them, and of the limits
 * only memory is honoured, by the size of the JavaScript heap. They outlive the manager; the exit code is known
 * only to the manager process that started them, and null to the next.
 */
export class ProcessLauncher implements Launcher {
  readonly kind = 'process';
  readonly #options: ProcessLauncherOptions;
  readonly #records: InstanceRecords;
  readonly #processes: InstanceProcesses;
  readonly #launches = new InFlight();
  readonly #events = new EventEmitter<{ ended: [instance_id: string] }>().setMaxListeners(0);
  readonly #closed = new AbortController();
  readonly #trimmer: NodeJS.Timeout;

  /** @throws {Error} in production. */
  constructor(options: ProcessLauncherOptions) {
    if (options.production) {
      throw new Error(
        'the process launcher isolates nothing and refuses to run with NODE_ENV=production; use the docker launcher',
      );
    }
    this.#options = options;
    this.#records = new InstanceRecords(options.state_dir);
    this.#processes = new InstanceProcesses(options, this.#records, (instance_id) =>
      this.#events.emit('ended', instance_id),
    );
    this.#trimmer = setInterval(() => void this.#trimLogs().catch(() => undefined), TRIM_EVERY_MS).unref();
  }

  launch(spec: InstanceSpec): Promise<void> {
    return this.#launches.once(spec.instance_id, () =>
      this.#reaching('launch', async () => {
        const { entry, build_hint } = this.#options;
        if (!(await exists(entry))) {
          throw new LaunchRefusedError(
            `the runner's program ${entry} is missing; build it with: ${build_hint}`,
          );
        }
        await this.#records.open();
        const record = await this.#records.claim(spec);
        if (!this.#processes.hasBegun(record)) this.#processes.start(record, spec);
      }),
    );
  }

  stop(instance_id: string, grace_seconds: number): Promise<void> {
    return this.#reaching('stop', async () => {
      if (!(await this.#signal(instance_id, grace_seconds > 0 ? 'SIGTERM' : 'SIGKILL'))) return;
      if (grace_seconds > 0) {
        if (await this.#endsWithin(instance_id, grace_seconds * 1000)) return;
        await this.#signal(instance_id, 'SIGKILL');
      }
      if (await this.#endsWithin(instance_id, this.#options.call_timeout_ms ?? 10_000)) return;
      throw new LauncherUnavailableError(`${instance_id} still runs after SIGKILL; look at its process`);
    });
  }

  async remove(instance_id: string): Promise<void> {
    await this.stop(instance_id, 0);
    await this.#reaching('remove', () => this.#records.remove(instance_id));
    this.#processes.forget(instance_id);
  }

  inspect(instance_id: string): Promise<InstanceObservation> {
    return this.#reaching('inspect', async () => {
      const record = await this.#found(instance_id);
      return record ? this.#processes.observe(record) : { instance_id, state: 'absent' };
    });
  }

  list(): Promise<PresentInstance[]> {
    return this.#reaching('list', async () => {
      await this.#records.open();
      return (await this.#records.all()).map((record) => this.#processes.observe(record));
    });
  }

  logs(instance_id: string, tail: number): Promise<string[]> {
    return this.#reaching('logs', async () =>
      (await this.#found(instance_id)) ? this.#logOf(instance_id).tail(tail) : [],
    );
  }

  async *follow(instance_id: string, tail: number, signal: AbortSignal): AsyncGenerator<string, void> {
    const until = anySignal([signal, this.#closed.signal]);
    const hasEnded = (): Promise<boolean> =>
      this.#reaching('follow', async () => {
        const record = await this.#found(instance_id);
        return !record || this.#processes.observe(record).state === 'exited';
      });
    try {
      if (!(await this.#reaching('follow', () => this.#found(instance_id)))) return;
      yield* followLog(this.#logOf(instance_id), tail, hasEnded, until);
    } finally {
      until.clear();
    }
  }

  watch(listener: (instance_id: string) => void, signal: AbortSignal): void {
    const until = anySignal([signal, this.#closed.signal]);
    if (until.aborted) return;
    // Our own children tell us at once; those of an earlier manager have to be looked at.
    this.#events.on('ended', listener);
    until.addEventListener('abort', () => this.#events.off('ended', listener), { once: true });
    void watchEnds(() => this.list(), listener, until);
  }

  ping(): Promise<void> {
    return this.#reaching('ping', () => this.#records.open());
  }

  async close(): Promise<void> {
    this.#closed.abort();
    clearInterval(this.#trimmer);
    return Promise.resolve();
  }

  /** Opening first tells an absent instance from a state folder that cannot be used. */
  async #found(instance_id: string) {
    await this.#records.open();
    return this.#records.read(instance_id);
  }

  async #signal(instance_id: string, signal: NodeJS.Signals): Promise<boolean> {
    const record = await this.#found(instance_id);
    return record !== undefined && this.#processes.signal(record, signal);
  }

  async #endsWithin(instance_id: string, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    for (;;) {
      const record = await this.#records.read(instance_id);
      if (!record || this.#processes.observe(record).state !== 'running') return true;
      if (performance.now() > deadline) return false;
      await pause(LOOK_AGAIN_MS);
    }
  }

  async #trimLogs(): Promise<void> {
    const max_bytes = (this.#options.log_file_mb ?? 10) * MIB;
    for (const { instance_id } of await this.#records.all()) await this.#logOf(instance_id).trim(max_bytes);
  }

  #logOf(instance_id: string): InstanceLog {
    return new InstanceLog(this.#records.folderOf(instance_id));
  }

  /** The platform is the state folder: what cannot be read there is not known. */
  async #reaching<T>(call: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LaunchRefusedError || error instanceof LauncherUnavailableError) throw error;
      throw new LauncherUnavailableError(
        `${call}: the folder ${this.#options.state_dir} cannot be used (${String(error)}); make it writable or remove it`,
        { cause: error },
      );
    }
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
