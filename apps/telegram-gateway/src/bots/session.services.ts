import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { CONFIG, type GatewayConfig } from '../config';
import { ConversationsRepository } from '../conversations/conversations.repository';
import { UpdatesRepository } from '../ingest/updates.repository';
import { LOGGER } from '../logging';
import { GatewayMetrics } from '../metrics/gateway.metrics';
import { ManagerClient } from '../manager/manager.client';
import { OutgoingRepository } from '../outbox/outgoing.repository';
import { BotsRepository } from './bots.repository';

/** What all sessions of this gateway share. */
@Injectable()
export class SessionServices {
  /** This gateway, while this process lives. */
  readonly holder = `${hostname()}-${randomUUID()}`;

  constructor(
    readonly bots: BotsRepository,
    readonly updates: UpdatesRepository,
    readonly outgoing: OutgoingRepository,
    readonly conversations: ConversationsRepository,
    readonly manager: ManagerClient,
    readonly metrics: GatewayMetrics,
    @Inject(CONFIG) readonly config: GatewayConfig,
    @Inject(LOGGER) readonly logger: Logger,
  ) {}
}
