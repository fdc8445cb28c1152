import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { StreamTransportServer } from '@roost/messaging/commands';
import { NestLogger } from '@roost/service-kit';
import { KEEP_ALIVE_MS, ProblemFilter, requestId } from '@roost/service-kit/http';
import { json } from 'express';
import type { Logger } from 'pino';
import type { GatewayConfig } from './config';
import { GatewayModule } from './gateway.module';

/** Telegram's updates are far smaller. */
const BODY_MAX = '1mb';
/** Milliseconds a shutdown waits for commands under way. */
const DRAIN_MS = 5_000;

/** Listens for health checks and webhooks, takes commands, and serves the bots that it holds. */
export async function startGateway(config: GatewayConfig, logger: Logger): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule.with(config, logger), {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(requestId);
  app.use(json({ limit: BODY_MAX }));
  app.useGlobalFilters(new ProblemFilter(logger));
  app.connectMicroservice({
    strategy: new StreamTransportServer({
      redis: { url: config.REDIS_URL, name: 'roost-telegram-commands' },
      service: 'telegram',
      drain_ms: DRAIN_MS,
      onError: (error) => logger.warn({ err: error }, 'commands of the manager'),
      onRejected: (entry_ids, reason) => logger.warn({ entry_ids, reason }, 'a command was set aside'),
    }),
  });
  await app.startAllMicroservices();
  app.getHttpServer().keepAliveTimeout = KEEP_ALIVE_MS;
  await app.listen(config.GATEWAY_PORT, config.GATEWAY_HOST);
  return app;
}
