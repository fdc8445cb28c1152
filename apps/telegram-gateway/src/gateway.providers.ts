import { BotKeeper } from './bots/bot.keeper';
import { BotTokens } from './bots/bot.tokens';
import { BotsController } from './bots/bots.controller';
import { BotsRepository } from './bots/bots.repository';
import { BotsService } from './bots/bots.service';
import { SessionServices } from './bots/session.services';
import { ConversationsRepository } from './conversations/conversations.repository';
import { HealthController } from './health/health.controller';
import { HealthService } from './health/health.service';
import { UpdatesRepository } from './ingest/updates.repository';
import { WebhooksController } from './ingest/webhooks.controller';
import { WebhooksService } from './ingest/webhooks.service';
import { ManagerClient } from './manager/manager.client';
import { metricsProviders } from './metrics/metrics.providers';
import { OutgoingRepository } from './outbox/outgoing.repository';

export const gatewayControllers = [BotsController, HealthController, WebhooksController];

export const gatewayProviders = [
  BotKeeper,
  BotTokens,
  BotsRepository,
  BotsService,
  ConversationsRepository,
  HealthService,
  ManagerClient,
  OutgoingRepository,
  SessionServices,
  UpdatesRepository,
  WebhooksService,
  ...metricsProviders,
];
