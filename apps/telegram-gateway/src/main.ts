import 'reflect-metadata';
import { closeOnSignal, createLogger, redactConfig, runMain } from '@roost/service-kit';
import { startTracing } from '@roost/service-kit/tracing';
import { startGateway } from './bootstrap';
import { gatewaySchema, readConfig } from './config';

runMain(async () => {
  const config = readConfig();
  const logger = await createLogger({
    name: 'telegram-gateway',
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT,
  });
  logger.info({ config: redactConfig(gatewaySchema, config) }, 'starting');
  const flushes = await startTracing('telegram-gateway', config.OTEL_EXPORTER_OTLP_ENDPOINT, logger);
  const app = await startGateway(config, logger);
  logger.info('ready');
  closeOnSignal(() => app.close(), config.SHUTDOWN_SECONDS * 1_000, logger, flushes);
});
