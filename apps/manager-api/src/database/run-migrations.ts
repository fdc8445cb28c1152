import pRetry from 'p-retry';
import type { DataSource, Migration } from 'typeorm';

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Applies what is missing. A migration that does not get its table soon, as beside a backup, lets those behind it go
 * first and tries again, for about five minutes.
 */
export const runMigrations = (source: DataSource): Promise<Migration[]> =>
  pRetry(() => source.runMigrations(), {
    retries: 20,
    minTimeout: 1_000,
    maxTimeout: 15_000,
    shouldRetry: ({ error }) => (error as { code?: string }).code === LOCK_NOT_AVAILABLE,
  });
