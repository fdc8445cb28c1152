import { type DynamicModule, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Messaging } from '@roost/messaging';
import { CommandClient } from '@roost/messaging/commands';
import { migratedDatabase } from '@roost/service-kit/database';
import { validationPipe } from '@roost/service-kit/http';
import type { Logger } from 'pino';
import { ApiKeyEntity } from './access/api-key.entity';
import { ApiKeysController } from './access/api-keys.controller';
import { ApiKeysRepository } from './access/api-keys.repository';
import { ApiKeysService } from './access/api-keys.service';
import { ChatTokensService } from './access/chat-tokens.service';
import { CredentialGuard } from './access/credential.guard';
import { CredentialsService } from './access/credentials.service';
import { AgentChanges } from './agents/agent.changes';
import { AgentsController } from './agents/agents.controller';
import { AgentsRepository } from './agents/agents.repository';
import { AgentsService } from './agents/agents.service';
import { AgentImportController } from './agents/import/import.controller';
import { AgentImportService } from './agents/import/import.service';
import { approvalControllers, approvalProviders } from './approvals/approvals.providers';
import { CancellingService } from './cancelling/cancelling.service';
import { CancelsController } from './cancelling/cancels.controller';
import { RunEndingsRepository } from './cancelling/run-endings.repository';
import { RunEndings } from './cancelling/run-endings.service';
import { ChatAccess } from './chat/chat-access.service';
import { ChatSessions } from './chat/chat-sessions.service';
import { ChatTokenIssuing } from './chat/chat-token-issuing.service';
import { ChatTokensController } from './chat/chat-tokens.controller';
import { MessagesController } from './chat/messages.controller';
import { MessagesRepository } from './chat/messages.repository';
import { MessagesService } from './chat/messages.service';
import { RepliesService } from './chat/replies.service';
import { Origins } from './chat/sockets/origins';
import { PlainSocketServer } from './chat/sockets/plain-socket.server';
import { SocketIoGateway } from './chat/sockets/socket-io.gateway';
import { StreamsService } from './chat/streams.service';
import { ThreadFeed } from './chat/thread-feed.service';
import { ThreadsController } from './chat/threads.controller';
import { ThreadsRepository } from './chat/threads.repository';
import { ThreadsService } from './chat/threads.service';
import { CheckpointsController } from './checkpoints/checkpoints.controller';
import { CheckpointsRepository } from './checkpoints/checkpoints.repository';
import { CONFIG, type ManagerConfig } from './config';
import { databaseOptions } from './database/data-source';
import { HandoffsController } from './handoffs/handoffs.controller';
import { HandoffsRepository } from './handoffs/handoffs.repository';
import { HandoffsService } from './handoffs/handoffs.service';
import { HealthController } from './health/health.controller';
import { HealthService } from './health/health.service';
import { Draining } from './http/draining';
import { ListenerGuard } from './http/listeners';
import { RouteFilter } from './http/route.filter';
import { RouteTable } from './http/route-table';
import { IdempotencyInterceptor } from './idempotency/idempotency.interceptor';
import { IdempotencyCleaning } from './idempotency/idempotency.cleaning';
import { IdempotencyRepository } from './idempotency/idempotency.repository';
import { integrationControllers, integrationProviders } from './integrations/integrations.providers';
import { knowledgeControllers, knowledgeProviders } from './knowledge/knowledge.providers';
import { knowledgeStoreControllers, knowledgeStoreProviders } from './knowledge/store.providers';
import { AccessSweep } from './lifecycle/access-sweep';
import { AgentStatusPublisher } from './lifecycle/agent-status.publisher';
import { ConfigController } from './lifecycle/config.controller';
import { ExchangeService } from './lifecycle/exchange.service';
import { InboxService } from './lifecycle/inbox.service';
import { InstanceBeginnings } from './lifecycle/instance-beginnings.repository';
import { InstanceCredentialsRepository } from './lifecycle/instance-credentials.repository';
import { InstanceEnding } from './lifecycle/instance-ending.service';
import { InstanceLaunching } from './lifecycle/instance-launching.service';
import { InstancesController } from './lifecycle/instances.controller';
import { InstancesRepository } from './lifecycle/instances.repository';
import { launcherProvider } from './lifecycle/launcher.provider';
import { LeasesRepository } from './lifecycle/leases.repository';
import { LifecycleEvents } from './lifecycle/lifecycle.events';
import { LifecycleService } from './lifecycle/lifecycle.service';
import { LostRuns } from './lifecycle/lost-runs.service';
import { LostRunsRepository } from './lifecycle/lost-runs.repository';
import { Periodic } from './lifecycle/periodic';
import { InstancesCleaning } from './lifecycle/instances.cleaning';
import { PoolController } from './lifecycle/pool/pool.controller';
import { PoolKeeper } from './lifecycle/pool/pool.keeper';
import { PoolRepository } from './lifecycle/pool/pool.repository';
import { PoolService } from './lifecycle/pool/pool.service';
import { Reconciler } from './lifecycle/reconciler.service';
import { RuntimeConfiguration } from './lifecycle/runtime-configuration.service';
import { RoomRepository } from './lifecycle/start-queue/room.repository';
import { StartQueueRepository } from './lifecycle/start-queue/start-queue.repository';
import { StartQueue } from './lifecycle/start-queue/start-queue.service';
import { Limits } from './limits/limits.service';
import { LOGGER } from './logging';
import { LogsService } from './logs/logs.service';
import { messagingProvider } from './messaging.provider';
import { MetricsController } from './metrics/metrics.controller';
import { metricsProviders } from './metrics/metrics.providers';
import { SecretBox } from './secrets/secret-box';
import { ToolTestsController } from './tool-tests/tool-tests.controller';
import { ToolTestsService } from './tool-tests/tool-tests.service';
import { usageControllers, usageProviders } from './usage/usage.providers';
import { userControllers, userProviders } from './users/users.providers';

const controllers = [
  AgentImportController,
  AgentsController,
  ApiKeysController,
  CancelsController,
  ChatTokensController,
  CheckpointsController,
  ConfigController,
  HandoffsController,
  HealthController,
  InstancesController,
  MessagesController,
  MetricsController,
  PoolController,
  ThreadsController,
  ...approvalControllers,
  ...integrationControllers,
  ...usageControllers,
  ...userControllers,
  ...knowledgeStoreControllers,
  ToolTestsController,
  ...knowledgeControllers,
];
const access = [ApiKeysRepository, ApiKeysService, ChatTokensService, CredentialsService, SecretBox, Limits];
const agents = [AgentChanges, AgentImportService, AgentsRepository, AgentsService, ToolTestsService];
const lifecycle = [
  AccessSweep,
  AgentStatusPublisher,
  ExchangeService,
  InboxService,
  InstanceBeginnings,
  InstanceCredentialsRepository,
  InstanceEnding,
  InstanceLaunching,
  InstancesRepository,
  LeasesRepository,
  LifecycleEvents,
  LifecycleService,
  LogsService,
  LostRuns,
  LostRunsRepository,
  Periodic,
  InstancesCleaning,
  PoolKeeper,
  PoolRepository,
  PoolService,
  Reconciler,
  RoomRepository,
  RuntimeConfiguration,
  StartQueue,
  StartQueueRepository,
  launcherProvider,
];
const chat = [
  ChatAccess,
  ChatSessions,
  ChatTokenIssuing,
  CheckpointsRepository,
  MessagesRepository,
  MessagesService,
  Origins,
  PlainSocketServer,
  RepliesService,
  SocketIoGateway,
  StreamsService,
  ThreadFeed,
  ThreadsRepository,
  ThreadsService,
];

const handoffs = [HandoffsRepository, HandoffsService];
const cancelling = [CancellingService, RunEndings, RunEndingsRepository];

/** The order counts: a route of the other port does not exist, whoever asks. */
const guards = [ListenerGuard, CredentialGuard].map((useClass) => ({ provide: APP_GUARD, useClass }));

@Module({})
export class AppModule implements OnApplicationShutdown {
  constructor(
    private readonly messaging: Messaging,
    private readonly commands: CommandClient,
  ) {}

  /** `replaced` take the place of providers of the same token. */
  static with(config: ManagerConfig, logger: Logger, replaced: Provider[] = []): DynamicModule {
    return {
      module: AppModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync(
          migratedDatabase(databaseOptions(config.DATABASE_URL, config.DATABASE_POOL_SIZE)),
        ),
        TypeOrmModule.forFeature([ApiKeyEntity]),
        DiscoveryModule,
      ],
      controllers,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        messagingProvider,
        ...access,
        ...agents,
        ...lifecycle,
        ...chat,
        Draining,
        ...metricsProviders,
        RouteTable,
        ...cancelling,
        ...approvalProviders,
        ...integrationProviders,
        ...usageProviders,
        ...userProviders,
        ...knowledgeStoreProviders,
        ...knowledgeProviders,
        ...handoffs,
        HealthService,
        IdempotencyCleaning,
        IdempotencyRepository,
        ...guards,
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_PIPE, useFactory: validationPipe },
        { provide: APP_FILTER, useClass: RouteFilter },
        ...replaced,
      ],
    };
  }

  /** Last of all: others still speak to Redis while they shut down. */
  onApplicationShutdown(): void {
    setImmediate(() => {
      this.messaging.close();
      void this.commands.close();
    });
  }
}
