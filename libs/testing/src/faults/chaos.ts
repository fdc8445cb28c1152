import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from './random';

export interface ChaosOptions {
  /** What may happen, by name. */
  faults: Record<string, () => Promise<void>>;
  random: Random;
  /** Milliseconds between two faults, at least and at most. */
  every: [min: number, max: number];
  /** Milliseconds after which a fault must have been done. Default 60 s. */
  deadlineMs?: number;
}

/** Does one fault after another, drawn by lot, until it is stopped. */
export class Chaos {
  /** What was done, in order. */
  readonly journal: string[] = [];
  private readonly ending = new AbortController();
  private readonly done: Promise<void>;

  private constructor(private readonly options: ChaosOptions) {
    this.done = this.run();
    // Whoever stops it hears of it.
    this.done.catch(() => undefined);
  }

  static start(options: ChaosOptions): Chaos {
    return new Chaos(options);
  }

  /** Resolves once the fault under way is over. Rejects when one could not be done. */
  async stop(): Promise<string[]> {
    this.ending.abort();
    await this.done;
    return this.journal;
  }

  private async run(): Promise<void> {
    const { faults, random, every, deadlineMs = 60_000 } = this.options;
    const { signal } = this.ending;
    for (;;) {
      await pause(random.between(...every), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const [name, strike] = random.pick(Object.entries(faults));
      this.journal.push(name);
      const tooLate = new AbortController();
      await Promise.race([
        strike(),
        pause(deadlineMs, undefined, { signal: tooLate.signal }).then(
          () => Promise.reject(new Error(`${name} was not done in ${deadlineMs / 1_000} s`)),
          () => undefined,
        ),
      ]).finally(() => tooLate.abort());
    }
  }
}
