import { closeOnSignal, createLogger, redactConfig, runMain } from '@roost/service-kit';
import { proxySchema, readConfig } from './config';
import { EngineProxy } from './proxy/engine.proxy';

runMain(async () => {
  const config = readConfig();
  const logger = await createLogger({
    name: 'engine-proxy',
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT,
  });
  logger.info({ config: redactConfig(proxySchema, config) }, 'starting');
  const proxy = new EngineProxy(config, logger);
  const port = await proxy.listen();
  logger.info({ port }, 'ready');
  closeOnSignal(() => proxy.close(), config.SHUTDOWN_SECONDS * 1_000, logger);
});
