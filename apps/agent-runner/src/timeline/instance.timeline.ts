import type { RunTimeline, WakeInstants } from '@roost/contracts';
import type { DatabaseClock } from './database.clock';
import { processUptime } from './process.uptime';
import { runTimeline } from './run.timeline';

/** Times the runs of one instance against how it came up. */
export class InstanceTimeline {
  private ready_at: number | null = null;

  constructor(
    /** Absent from a manager that does not tell. */
    private readonly wake: WakeInstants | undefined,
    private readonly clock: DatabaseClock,
    /** Milliseconds of the Unix epoch by this machine's clock. */
    private readonly process_started = Date.now() - processUptime(),
  ) {}

  ready(ready_at: number): void {
    this.ready_at = ready_at;
  }

  /** A run is taken up now. */
  begin(accepted_at: number): RunStopwatch {
    const taken_up = Date.now();
    return new RunStopwatch((first_token_ms, ended_ms) => {
      const { wake, clock, ready_at } = this;
      // Only now: what was learnt of the clocks meanwhile holds for the past, too.
      const taken_up_at = clock.at(taken_up);
      const process_started_at = clock.at(this.process_started);
      if (!wake || taken_up_at === null || process_started_at === null) return undefined;
      return runTimeline({
        accepted_at,
        wake,
        process_started_at,
        ready_at,
        taken_up_at,
        first_token_ms,
        ended_ms,
      });
    });
  }
}

type Finish = (first_token_ms: number | null, ended_ms: number) => RunTimeline | undefined;

/** One run's tokens, by a clock that nobody sets. */
export class RunStopwatch {
  private readonly taken_up = performance.now();
  private first_token_ms: number | null = null;
  private last_token_ms: number | null = null;

  constructor(private readonly finish: Finish) {}

  token(): void {
    this.last_token_ms = this.elapsed();
    this.first_token_ms ??= this.last_token_ms;
  }

  /** Undefined when the instance does not know how it came up. */
  completed(): RunTimeline | undefined {
    return this.finish(this.first_token_ms, this.last_token_ms ?? this.elapsed());
  }

  /** The span under way ends with the failure. */
  failed(): RunTimeline | undefined {
    return this.finish(this.first_token_ms, this.elapsed());
  }

  private elapsed(): number {
    return performance.now() - this.taken_up;
  }
}
