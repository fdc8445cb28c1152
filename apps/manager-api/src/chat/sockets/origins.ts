import { Inject, Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { Logger } from 'pino';
import { CONFIG, type ManagerConfig } from '../../config';
import { LOGGER } from '../../logging';

const loopbackHosts = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Which pages may open sockets. A browser sends their Origin; other clients send none and are let through. */
@Injectable()
export class Origins {
  private readonly allowed: string[];

  constructor(
    @Inject(CONFIG) config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.allowed = (config.CHAT_ALLOWED_ORIGINS ?? '')
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean);
  }

  allows(origin: string | undefined): boolean {
    if (origin === undefined || this.allowed.includes('*') || this.allowed.includes(origin)) return true;
    return this.allowed.includes('loopback') && isLoopback(origin);
  }

  /** @throws {ServiceError} `origin_not_allowed`, logged with the setting to change. */
  check(origin: string | undefined): void {
    if (this.allows(origin)) return;
    this.logger.warn(
      { origin },
      'socket refused: add this origin to CHAT_ALLOWED_ORIGINS if its pages may chat',
    );
    throw new ServiceError('origin_not_allowed', 'The operator may add it to CHAT_ALLOWED_ORIGINS.');
  }
}

function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return /^https?:$/.test(url.protocol) && loopbackHosts.test(url.hostname);
}
