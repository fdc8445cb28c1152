import type { RunTimeline, WakeInstants } from '@roost/contracts';
import type { DatabaseClock } from './database.clock';
import { runTimeline } from './run.timeline';

/** Times the runs of one instance against how it came up. */
export class InstanceTimeline {
  private ready_at: number | null = null;

  constructor(
    /** Absent from a manager that does not tell. */
    private readonly wake: WakeInstants | undefined,
    private readonly clock: DatabaseClock,
  ) {}

  ready(ready_at: number): void {
    this.ready_at = ready_at;
  }

  /** A run is taken up now. */
  begin(accepted_at: number): RunStopwatch {
    const { wake, clock } = this;
    const taken_up_at = clock.now();
    return new RunStopwatch((first_token_ms, ended_ms) =>
      wake === undefined || taken_up_at === null
        ? undefined
        : runTimeline({
            accepted_at,
            wake,
            ready_at: this.ready_at,
            taken_up_at,
            first_token_ms,
            ended_ms,
          }),
    );
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
