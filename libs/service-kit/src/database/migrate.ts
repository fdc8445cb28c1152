import pRetry from 'p-retry';
import type { Logger } from 'pino';
import type { DataSource, Migration } from 'typeorm';

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Brings the database to what this release needs; running it again is harmless. Programs that start together migrate
 * one after the other, by the advisory lock `lock`.
 * @throws when another holds that lock for five minutes, or a migration fails.
 */
export async function migrate(source: DataSource, lock: number, logger: Logger): Promise<void> {
  await source.initialize();
  const holder = source.createQueryRunner();
  try {
    await holder.query(`SET statement_timeout = '5min'; SET lock_timeout = 0`);
    await holder.query('SELECT pg_advisory_lock($1)', [lock]);
    const done = await runMigrations(source);
    logger.info(
      { migrations: done.map(({ name }) => name) },
      done.length > 0 ? 'migrated' : 'nothing to migrate',
    );
  } finally {
    await holder.release();
    await source.destroy();
  }
}

/**
 * Applies what is missing. A migration that does not get its table soon, as beside a backup, lets those behind it go
 * first and tries again, for about five minutes.
 */
export const runMigrations = (source: DataSource): Promise<Migration[]> =>
  pRetry(() => source.runMigrations(), {
    retries: 20,
    minTimeout: 1_000,
    maxTimeout: 15_000,
    randomize: true,
    shouldRetry: ({ error }) => (error as { code?: string }).code === LOCK_NOT_AVAILABLE,
  });
