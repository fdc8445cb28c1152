import 'reflect-metadata';
import { createLogger, loadConfig, runMain } from '@roost/service-kit';
import { managerSchema } from './config';
import { createMigrationSource } from './database/data-source';
import { runMigrations } from './database/run-migrations';

const migrateSchema = managerSchema.pick({ DATABASE_URL: true, LOG_LEVEL: true, LOG_FORMAT: true });
/** Managers that start together migrate one after the other. */
const LOCK = 7_266_778;

/** Brings the database to what this release needs. Running it again is harmless. */
runMain(async () => {
  // eslint-disable-next-line no-restricted-properties -- a program of its own, which needs no more than these
  const config = loadConfig(migrateSchema, process.env);
  const logger = await createLogger({ name: 'migrate', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const dataSource = await createMigrationSource(config.DATABASE_URL).initialize();
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query(`SET statement_timeout = '5min'; SET lock_timeout = 0`);
    await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const done = await runMigrations(dataSource);
    logger.info(
      { migrations: done.map(({ name }) => name) },
      done.length > 0 ? 'migrated' : 'nothing to migrate',
    );
  } finally {
    await holder.release();
    await dataSource.destroy();
  }
});
