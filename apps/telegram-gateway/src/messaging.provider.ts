import type { Provider } from '@nestjs/common';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { CONFIG, type GatewayConfig } from './config';
import { LOGGER } from './logging';

/** One line about an unreachable Redis at most this often. */
const TELL_EVERY_MS = 5_000;

export const messagingProvider: Provider = {
  provide: Messaging,
  inject: [CONFIG, LOGGER],
  useFactory: (config: GatewayConfig, logger: Logger): Messaging => {
    let told = 0;
    return new Messaging({ url: config.REDIS_URL, name: 'roost-telegram' }, (error) => {
      if (Date.now() - told < TELL_EVERY_MS) return;
      told = Date.now();
      logger.warn({ err: error }, 'Redis does not answer; reconnecting');
    });
  },
};
