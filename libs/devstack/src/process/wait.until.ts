import { setTimeout as delay } from 'node:timers/promises';

/** What a wait looks at besides its probe, to give up early and to explain itself. */
export interface Watched {
  /** Set once the awaited process has ended. */
  readonly exit: { code: number | null; signal: NodeJS.Signals | null } | null;
  tail(lines: number): string;
}

/** What was waited for did not come; `message` says what, and shows the log of who was to bring it. */
export class WaitError extends Error {
  override readonly name = 'WaitError';
}

/**
 * Calls `probe` until it yields a value. Rejects after `deadlineMs`, or as soon as `watched` has ended; the
 * message shows the last lines of its log.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  { deadlineMs, watched }: { deadlineMs: number; watched?: Watched },
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 250)) {
    const value = await probe();
    if (value !== undefined) return value;
    if (watched?.exit) {
      const { code, signal } = watched.exit;
      throw new WaitError(
        `${what}: the process ended (${signal ?? `exit code ${code ?? '?'}`})${logOf(watched)}`,
      );
    }
    if (performance.now() > deadline) {
      throw new WaitError(`${what}: not within ${deadlineMs / 1000} s${logOf(watched)}`);
    }
    await delay(pause);
  }
}

function logOf(watched: Watched | undefined): string {
  const tail = watched?.tail(20).trim();
  return tail ? `. Its last lines:\n${tail.replaceAll(/^/gm, '  | ')}` : '';
}
