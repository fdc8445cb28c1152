import { EventEmitter, once } from 'node:events';
import type { InstanceSpec, PresentInstance } from '../launcher';

const MAX_LINES = 10_000;

/** A pretended instance. The test, or the in-process runner it stands for, writes its log and ends it. */
export class MemoryInstance {
  readonly created_at = new Date().toISOString();
  readonly #terminated = new AbortController();
  readonly #log: string[] = [];
  readonly #changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  /** Lines that are no longer kept. */
  #forgotten = 0;
  #vanished = false;
  #end: { at: string; exit_code: number; oom_killed: boolean } | null = null;

  constructor(
    readonly spec: InstanceSpec,
    private readonly onEnd: () => void,
  ) {}

  /** Aborts when the instance is asked to end: its SIGTERM. */
  get terminated(): AbortSignal {
    return this.#terminated.signal;
  }

  get ended(): boolean {
    return this.#end !== null;
  }

  log(line: string): void {
    this.#log.push(line);
    if (this.#log.length > MAX_LINES) {
      this.#log.shift();
      this.#forgotten += 1;
    }
    this.#changes.emit('change');
  }

  logs(tail: number): string[] {
    return tail > 0 ? this.#log.slice(-tail) : [];
  }

  /** The last `tail` lines and what comes; what is no longer kept when it is asked for is left out. */
  async *follow(tail: number, signal: AbortSignal): AsyncGenerator<string, void> {
    let next = Math.max(0, this.#forgotten + this.#log.length - Math.max(0, tail));
    while (!signal.aborted) {
      next = Math.max(next, this.#forgotten);
      const line = this.#log[next - this.#forgotten];
      if (line !== undefined) {
        next += 1;
        yield line;
      } else if (this.ended || this.#vanished) return;
      else await once(this.#changes, 'change', { signal }).catch(() => undefined);
    }
  }

  /** It was taken away: whoever follows its log is told no more. */
  vanish(): void {
    this.#vanished = true;
    this.#changes.emit('change');
  }

  /** Ends the instance; a second end changes nothing. */
  exit(exit_code: number, { oom_killed = false } = {}): void {
    if (this.#end) return;
    this.#end = { at: new Date().toISOString(), exit_code, oom_killed };
    this.#changes.emit('change');
    this.onEnd();
  }

  /** Ends it as the memory limit does. */
  oomKill(): void {
    this.exit(137, { oom_killed: true });
  }

  /** Asks it to end, as SIGTERM does. */
  terminate(): void {
    this.#terminated.abort();
  }

  observe(): PresentInstance {
    const { instance_id, agent_id, generation } = this.spec;
    return {
      instance_id,
      agent_id,
      generation,
      state: this.#end ? 'exited' : 'running',
      created_at: this.created_at,
      started_at: this.created_at,
      ended_at: this.#end?.at ?? null,
      exit_code: this.#end?.exit_code ?? null,
      oom_killed: this.#end?.oom_killed ?? false,
    };
  }
}
