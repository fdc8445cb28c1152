import type { Logger } from 'pino';

/** Sends what has not been sent yet, as far as `within_ms` reach. Never rejects. */
export type Flush = (within_ms: number) => Promise<unknown>;

/** Milliseconds of a shutdown kept for flushing; of a short one no more than a quarter. */
const FLUSH_MS_MAX = 2_000;

/**
 * Runs `close` once, on the first SIGTERM or SIGINT, then `flushes`, and ends the process: 0 when all has finished, 1
 * when `close` threw or it took longer than `deadline_ms`. `close` is told how many milliseconds are left to it. `flushes` may grow until then.
 */
export function closeOnSignal(
  close: (within_ms: number) => Promise<void>,
  deadline_ms: number,
  logger: Logger,
  flushes: Flush[] = [],
): void {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (closing) return;
    closing = true;
    logger.info({ signal }, 'shutting down');
    setTimeout(() => {
      logger.error({ deadline_ms }, 'shutdown outlived its deadline');
      process.exit(1);
    }, deadline_ms).unref();
    const flush_ms = flushes.length > 0 ? Math.min(FLUSH_MS_MAX, deadline_ms / 4) : 0;
    close(deadline_ms - flush_ms)
      .finally(() => Promise.all(flushes.map((flush) => flush(flush_ms))))
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'shutdown failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
