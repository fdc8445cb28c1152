import { setTimeout as pause } from 'node:timers/promises';

/** Rejects when `work` has not ended after `ms`. It may go on: what it does must be harmless to repeat. */
export async function withinDeadline<Result>(
  work: Promise<Result>,
  ms: number,
  what: string,
): Promise<Result> {
  const over = new AbortController();
  const late = pause(ms, undefined, { ref: false, signal: over.signal }).then(() => {
    throw new Error(`${what} did not end within ${ms / 1_000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}
