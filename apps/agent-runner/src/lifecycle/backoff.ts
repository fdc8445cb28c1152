import pRetry from 'p-retry';

export interface Backoff {
  /** Milliseconds after which the last error is thrown. */
  deadline_ms: number;
  /** Milliseconds between the last attempts, at most twice that. */
  longest_ms?: number;
  isRetryable?: (error: Error) => boolean;
  onFailure?: (error: Error) => void;
  signal?: AbortSignal;
}

/** Repeats `attempt` with growing, jittered pauses until it succeeds or the deadline has passed. */
export function withBackoff<Result>(attempt: () => Promise<Result>, backoff: Backoff): Promise<Result> {
  const { deadline_ms, longest_ms = 2_000, isRetryable = () => true, onFailure, signal } = backoff;
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: deadline_ms,
    minTimeout: 50,
    maxTimeout: longest_ms,
    factor: 2,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => isRetryable(error),
    onFailedAttempt: ({ error }) => onFailure?.(error),
  });
}
