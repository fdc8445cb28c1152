import type { Provider } from '@nestjs/common';
import { CommandClient } from '@roost/messaging/commands';
import type { Logger } from 'pino';
import { CONFIG, type ManagerConfig } from '../config';
import { LOGGER } from '../logging';

/** For what the manager asks of gateways. */
export const commandClientProvider: Provider = {
  provide: CommandClient,
  inject: [CONFIG, LOGGER],
  useFactory: (config: ManagerConfig, logger: Logger): CommandClient =>
    new CommandClient({
      redis: { url: config.REDIS_URL, name: 'roost-manager-commands' },
      // Lost connections are told of by the manager's others.
      onError: (error) => logger.debug({ err: error }, 'commands to gateways'),
    }),
};
