import 'reflect-metadata';
import { createLogger, runMain } from '@roost/service-kit';
import { createDataSource } from './database/data-source';
import { prepareRole } from './database/gateway.role';
import { readMigrateConfig } from './config';

/** Gateways that start together migrate one after the other. */
const LOCK = 7_266_779;

/** Brings the gateway's schema to what this release needs. Running it again is harmless. */
runMain(async () => {
  const config = readMigrateConfig();
  const logger = await createLogger({
    name: 'telegram-migrate',
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT,
  });
  if (config.ADMIN_DATABASE_URL !== undefined)
    await prepareRole(config.ADMIN_DATABASE_URL, config.DATABASE_URL);
  const dataSource = await createDataSource(config.DATABASE_URL, 2).initialize();
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query(`SET statement_timeout = '5min'`);
    await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const done = await dataSource.runMigrations();
    logger.info(
      { migrations: done.map(({ name }) => name) },
      done.length > 0 ? 'migrated' : 'nothing to migrate',
    );
  } finally {
    await holder.release();
    await dataSource.destroy();
  }
});
