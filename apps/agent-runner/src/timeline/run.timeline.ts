import type { RunTimeline, WakeInstants } from '@roost/contracts';

/** Milliseconds the estimate of the database's clock may be wrong by unnoticed. */
export const CLOCK_TOLERANCE_MS = 20;

/** What is known of one run. Instants are milliseconds of the Unix epoch by the database's clock. */
export interface RunInstants {
  accepted_at: number;
  wake: Omit<WakeInstants, 'clock'>;
  process_started_at: number;
  /** Null when the manager has not taken the news yet: the run began on the way. */
  ready_at: number | null;
  taken_up_at: number;
  /** Milliseconds after it was taken up; null when there was no token. */
  first_token_ms: number | null;
  /** Milliseconds after it was taken up: the last token, or the failure. */
  ended_ms: number;
}

/**
 * Splits the time from acceptance to the last token at the instants in between. Each is brought between its
 * neighbours first, so that no span is negative and their sum is the whole: what lies before the acceptance costs
 * this message nothing.
 */
export function runTimeline(run: RunInstants): RunTimeline {
  const since = (instant: number): number => Math.round(instant - run.accepted_at);
  // Nothing is read from an inbox before it was written, or before the exchange gave access to it.
  const earliest = Math.max(0, since(run.wake.exchanged_at));
  const taken_up = Math.max(earliest, since(run.taken_up_at));
  const between = (instant: number, from: number): number => Math.min(Math.max(instant, from), taken_up);

  const launched = between(since(run.wake.launched_at), 0);
  const started = run.wake.pooled ? launched : between(since(run.process_started_at), launched);
  const exchanged = run.wake.pooled ? launched : between(since(run.wake.exchanged_at), started);
  // Ready is reading the inbox: the news of it may reach the manager after the first message was taken up.
  const ready = between(run.ready_at === null ? taken_up : since(run.ready_at), exchanged);

  const total_ms = taken_up + Math.round(run.ended_ms);
  const first = run.first_token_ms === null ? null : taken_up + Math.round(run.first_token_ms);
  return {
    accepted_at: new Date(run.accepted_at).toISOString(),
    wake: ready === 0 ? 'none' : run.wake.pooled ? 'pool' : 'cold',
    queue_ms: launched + (taken_up - ready),
    schedule_ms: started - launched,
    boot_ms: exchanged - started,
    ready_ms: ready - exchanged,
    first_token_ms: (first ?? total_ms) - taken_up,
    last_token_ms: first === null ? null : total_ms - first,
    total_ms,
    clock_skewed: since(run.taken_up_at) < earliest - CLOCK_TOLERANCE_MS,
  };
}
