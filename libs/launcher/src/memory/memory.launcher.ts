import { anySignal } from 'any-signal';
import { EventEmitter, once } from 'node:events';
import { withDeadline } from '../deadline';
import {
  LaunchRefusedError,
  LauncherUnavailableError,
  type InstanceObservation,
  type InstanceSpec,
  type Launcher,
  type PresentInstance,
} from '../launcher';
import { MemoryInstance } from './memory.instance';

/** What happens to launches: `hang` never answers and starts nothing, `lose_answer` starts and then does not answer. */
export type LaunchFault = { kind: 'refuse'; message: string } | { kind: 'hang' } | { kind: 'lose_answer' };

export interface MemoryLauncherOptions {
  /** Runs in place of the runner. By default an instance does nothing and exits 0 when asked to end. */
  onLaunch?: (spec: InstanceSpec, instance: MemoryInstance) => void;
  /** Milliseconds after which a call that hangs gives up. Default 5,000. */
  call_timeout_ms?: number;
}

const exitsWhenAsked = (_spec: InstanceSpec, instance: MemoryInstance): void =>
  instance.terminated.addEventListener('abort', () => instance.exit(0), { once: true });

/** Instances as objects of this process, for tests, with faults to order. */
export class MemoryLauncher implements Launcher {
  readonly kind = 'memory';
  /** Set to make the following launches fail. */
  launch_fault: LaunchFault | null = null;
  /** True makes every call fail as if the platform did not answer. */
  unavailable = false;

  readonly #instances = new Map<string, MemoryInstance>();
  readonly #events = new EventEmitter<{ ended: [instance_id: string] }>().setMaxListeners(0);
  readonly #closed = new AbortController();
  readonly #onLaunch: (spec: InstanceSpec, instance: MemoryInstance) => void;
  readonly #call_timeout_ms: number;

  constructor(options: MemoryLauncherOptions = {}) {
    this.#onLaunch = options.onLaunch ?? exitsWhenAsked;
    this.#call_timeout_ms = options.call_timeout_ms ?? 5_000;
  }

  /** The instance itself, to make it exit or write. @throws {Error} when it was never launched or was removed. */
  instance(instance_id: string): MemoryInstance {
    const instance = this.#instances.get(instance_id);
    if (!instance)
      throw new Error(`no instance ${instance_id}; launched are: ${[...this.#instances.keys()].join(', ')}`);
    return instance;
  }

  async launch(spec: InstanceSpec): Promise<void> {
    this.#reach('launch');
    const fault = this.launch_fault;
    if (fault?.kind === 'refuse') throw new LaunchRefusedError(fault.message);
    if (fault?.kind === 'hang') await this.#hang();
    if (!this.#instances.has(spec.instance_id)) this.#start(spec);
    if (fault?.kind === 'lose_answer') throw new LauncherUnavailableError('launch: the answer was lost');
    return Promise.resolve();
  }

  async stop(instance_id: string, grace_seconds: number): Promise<void> {
    this.#reach('stop');
    const instance = this.#instances.get(instance_id);
    if (!instance || instance.ended) return;
    if (grace_seconds > 0) {
      const ended = this.#endOf(instance, grace_seconds * 1000);
      instance.terminate();
      await ended;
    }
    instance.exit(137);
  }

  async remove(instance_id: string): Promise<void> {
    await this.stop(instance_id, 0);
    this.vanish(instance_id);
  }

  /** Takes the instance away as someone else's `remove` would. */
  vanish(instance_id: string): void {
    this.#instances.get(instance_id)?.vanish();
    if (this.#instances.delete(instance_id)) this.#events.emit('ended', instance_id);
  }

  async inspect(instance_id: string): Promise<InstanceObservation> {
    this.#reach('inspect');
    return Promise.resolve(this.#instances.get(instance_id)?.observe() ?? { instance_id, state: 'absent' });
  }

  async list(): Promise<PresentInstance[]> {
    this.#reach('list');
    return Promise.resolve([...this.#instances.values()].map((instance) => instance.observe()));
  }

  async logs(instance_id: string, tail: number): Promise<string[]> {
    this.#reach('logs');
    return Promise.resolve(this.#instances.get(instance_id)?.logs(tail) ?? []);
  }

  async *follow(instance_id: string, tail: number, signal: AbortSignal): AsyncGenerator<string, void> {
    this.#reach('follow');
    const until = anySignal([signal, this.#closed.signal]);
    try {
      yield* this.#instances.get(instance_id)?.follow(tail, until) ?? [];
    } finally {
      until.clear();
    }
  }

  watch(listener: (instance_id: string) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#events.on('ended', listener);
    signal.addEventListener('abort', () => this.#events.off('ended', listener), { once: true });
  }

  async ping(): Promise<void> {
    this.#reach('ping');
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#events.removeAllListeners();
    return Promise.resolve();
  }

  #start(spec: InstanceSpec): void {
    const instance = new MemoryInstance(spec, () => this.#events.emit('ended', spec.instance_id));
    this.#instances.set(spec.instance_id, instance);
    this.#onLaunch(spec, instance);
  }

  #reach(call: string): void {
    if (this.unavailable)
      throw new LauncherUnavailableError(`${call}: the launcher was told to be unavailable`);
  }

  #hang(): Promise<never> {
    return withDeadline(
      this.#call_timeout_ms,
      () => new Promise<never>(() => undefined),
      () => new LauncherUnavailableError(`launch: no answer within ${this.#call_timeout_ms} ms`),
    );
  }

  /** Resolves at the instance's end or after `ms`, whichever is first. */
  async #endOf(instance: MemoryInstance, ms: number): Promise<void> {
    const waited = AbortSignal.timeout(ms);
    while (!instance.ended && !waited.aborted) {
      await once(this.#events, 'ended', { signal: waited }).catch(() => undefined);
    }
  }
}
