import type { Logger } from 'pino';

/**
 * Runs `close` once, on the first SIGTERM or SIGINT, and ends the process: 0 when it finished, 1 when it threw or
 * outlived `deadline_ms`.
 */
export function closeOnSignal(
  close: (signal: NodeJS.Signals) => Promise<void>,
  deadline_ms: number,
  logger: Logger,
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
    close(signal).then(
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
