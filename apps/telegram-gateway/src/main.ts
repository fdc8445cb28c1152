import 'reflect-metadata';
import { closeOnSignal, createLogger, redactConfig, runMain } from '@roost/service-kit';
import { startGateway } from './bootstrap';
import { gatewaySchema, readConfig } from './config';

const SHUTDOWN_MS = 5_000;

runMain(async () => {
  const config = readConfig();
  const logger = await createLogger({
    name: 'telegram-gateway',
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT,
  });
  logger.info({ config: redactConfig(gatewaySchema, config) }, 'starting; no bot is configured');
  const app = await startGateway(config, logger);
  closeOnSignal(() => app.close(), SHUTDOWN_MS, logger);
});
