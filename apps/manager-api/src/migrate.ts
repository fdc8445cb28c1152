import 'reflect-metadata';
import { createLogger, loadConfig, runMain } from '@roost/service-kit';
import { migrate } from '@roost/service-kit/database';
import { managerSchema } from './config';
import { createMigrationSource } from './database/data-source';

const migrateSchema = managerSchema.pick({ DATABASE_URL: true, LOG_LEVEL: true, LOG_FORMAT: true });
/** Advisory lock of the manager's migrations. */
const LOCK = 7_266_778;

runMain(async () => {
  // eslint-disable-next-line no-restricted-properties -- a program of its own, which needs no more than these
  const config = loadConfig(migrateSchema, process.env);
  const logger = await createLogger({ name: 'migrate', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  await migrate(createMigrationSource(config.DATABASE_URL), LOCK, logger);
});
