import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds before another attempt: 0.5 s doubling to 30 s, with full jitter. */
export const backoff = (failures: number): number =>
  Math.round(250 + Math.random() * Math.min(30_000, 500 * 2 ** Math.min(failures, 10)));

/** For a second look: the compiler takes a signal for what it was at the first. */
export const isOver = (signal: AbortSignal): boolean => signal.aborted;

/** Resolves after the time, or at once when it is cut short. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
