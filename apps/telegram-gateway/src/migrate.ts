import 'reflect-metadata';
import { createLogger, runMain } from '@roost/service-kit';
import { migrate } from '@roost/service-kit/database';
import { createMigrationSource } from './database/data-source';
import { prepareRole } from './database/gateway.role';
import { readMigrateConfig } from './config';

/** Advisory lock of the gateway's migrations. */
const LOCK = 7_266_779;

runMain(async () => {
  const config = readMigrateConfig();
  const logger = await createLogger({
    name: 'telegram-migrate',
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT,
  });
  if (config.ADMIN_DATABASE_URL !== undefined)
    await prepareRole(config.ADMIN_DATABASE_URL, config.DATABASE_URL);
  await migrate(createMigrationSource(config.DATABASE_URL), LOCK, logger);
});
