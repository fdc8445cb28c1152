import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NestLogger } from '@roost/service-kit';
import { ProblemFilter, requestId } from '@roost/service-kit/http';
import type { Logger } from 'pino';
import type { GatewayConfig } from './config';
import { GatewayModule } from './gateway.module';

export async function startGateway(config: GatewayConfig, logger: Logger): Promise<INestApplication> {
  const app = await NestFactory.create(GatewayModule, { logger: new NestLogger(logger) });
  app.use(requestId);
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.listen(config.GATEWAY_PORT, config.GATEWAY_HOST);
  return app;
}
