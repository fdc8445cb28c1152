import type { InstanceSpec, PresentInstance } from '../launcher';

const MAX_LINES = 10_000;

/** A pretended instance. The test, or the in-process runner it stands for, writes its log and ends it. */
export class MemoryInstance {
  readonly created_at = new Date().toISOString();
  readonly #terminated = new AbortController();
  readonly #log: string[] = [];
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
    if (this.#log.length > MAX_LINES) this.#log.shift();
  }

  logs(tail: number): string[] {
    return tail > 0 ? this.#log.slice(-tail) : [];
  }

  /** Ends the instance; a second end changes nothing. */
  exit(exit_code: number, { oom_killed = false } = {}): void {
    if (this.#end) return;
    this.#end = { at: new Date().toISOString(), exit_code, oom_killed };
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
