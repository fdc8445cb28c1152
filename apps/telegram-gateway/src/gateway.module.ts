import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { migratedDatabase } from '@roost/service-kit/database';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { CONFIG, type GatewayConfig } from './config';
import { databaseOptions } from './database/data-source';
import { gatewayControllers, gatewayProviders } from './gateway.providers';
import { LOGGER } from './logging';
import { messagingProvider } from './messaging.provider';

@Module({})
export class GatewayModule implements OnApplicationShutdown {
  constructor(private readonly messaging: Messaging) {}

  static with(config: GatewayConfig, logger: Logger): DynamicModule {
    return {
      module: GatewayModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync(
          migratedDatabase(databaseOptions(config.DATABASE_URL, config.DATABASE_POOL_SIZE)),
        ),
      ],
      controllers: gatewayControllers,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        messagingProvider,
        ...gatewayProviders,
      ],
    };
  }

  onApplicationShutdown(): void {
    setImmediate(() => this.messaging.close());
  }
}
