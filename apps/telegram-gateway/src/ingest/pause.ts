import { setTimeout as sleep } from 'node:timers/promises';
import { BotApiRefusal } from '../bot-api/bot-api.error';

/** Milliseconds until a token that was refused is tried again. */
const TOKEN_REFUSED_MS = 60_000;

/** Milliseconds before another attempt: 0.5 s doubling to 30 s, with full jitter. */
export const backoff = (failures: number): number =>
  Math.round(250 + Math.random() * Math.min(30_000, 500 * 2 ** Math.min(failures, 10)));

/** Milliseconds before another attempt, and no fewer than Telegram asks for. */
export function waitAfter(error: unknown, failures: number): number {
  if (!(error instanceof BotApiRefusal)) return backoff(failures);
  if (error.isTokenRefused) return TOKEN_REFUSED_MS;
  return Math.max(backoff(failures), (error.retry_after_s ?? 0) * 1_000);
}

/** For a second look: the compiler takes a signal for what it was at the first. */
export const isOver = (signal: AbortSignal): boolean => signal.aborted;

/** Resolves after the time, or at once when it is cut short. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
