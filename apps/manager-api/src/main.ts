import 'reflect-metadata';
import { closeOnSignal, createLogger, redactConfig, runMain } from '@roost/service-kit';
import { startTracing } from '@roost/service-kit/tracing';
import { startManager } from './bootstrap';
import { managerSchema, readConfig } from './config';

runMain(async () => {
  const config = readConfig();
  const logger = await createLogger({
    name: 'manager-api',
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT,
  });
  logger.info({ config: redactConfig(managerSchema, config) }, 'starting');
  const flushes = await startTracing('manager-api', config.OTEL_EXPORTER_OTLP_ENDPOINT, logger);
  const manager = await startManager(config, logger);
  logger.info({ public_port: manager.public_port, internal_port: manager.internal_port }, 'ready');
  closeOnSignal(() => manager.close(), config.SHUTDOWN_SECONDS * 1_000, logger, flushes);
});
