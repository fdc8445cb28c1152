import { setMaxListeners } from 'node:events';
import type { BaseTracer } from '@langchain/core/tracers/base';
import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import type { ExchangeResponse, Heartbeat } from '@roost/contracts';
import { Messaging, StreamConsumer } from '@roost/messaging';
import type { Logger } from 'pino';
import { CheckpointClient } from './checkpoints/checkpoint.client';
import { HttpCheckpointSaver } from './checkpoints/http-checkpoint.saver';
import { egressProxy, type RunnerConfig } from './config';
import { ConfigurationCache } from './configuration/configuration.cache';
import { ManagerClient } from './exchange/manager.client';
import { AgentGraph } from './graph/agent.graph';
import { ModelCall } from './graph/model.call';
import { ModelFactory } from './graph/model.factory';
import { modelFetch } from './graph/model.fetch';
import { streamChunks, streamTraced } from './graph/model.stream';
import { HeartbeatService } from './heartbeat/heartbeat.service';
import { acknowledge } from './inbox/acknowledgement';
import { InboxReader } from './inbox/inbox.reader';
import { ThreadScheduler } from './inbox/thread.scheduler';
import { KnowledgeClient } from './knowledge/knowledge.client';
import { Fence } from './lifecycle/fence';
import { RunnerService } from './lifecycle/runner.service';
import { ReportSender } from './outbox/report.sender';
import { RunRegister } from './runs/run.register';
import { RunService } from './runs/run.service';
import type { DatabaseClock } from './timeline/database.clock';
import { InstanceTimeline } from './timeline/instance.timeline';
import { ToolTesting } from './tools/tool.testing';
import { UserMemory } from './memory/user.memory';
import { TokenBudget } from './usage/token.budget';
import { ToolboxFactory } from './tools/toolbox.factory';

/** What is known before anything is built. */
export interface RunnerSetting {
  config: RunnerConfig;
  exchange: ExchangeResponse;
  clock: DatabaseClock;
  logger: Logger;
  /** Absent where runs are not traced by LangSmith. */
  tracer?: BaseTracer;
  /** Ends the process: the instance was replaced, or cannot go on. */
  exit: (end: Error) => void;
}

/** Milliseconds before a model is asked again. */
const MODEL_BACKOFF_MS = 500;

@Module({})
export class RunnerModule {
  static forInstance(setting: RunnerSetting): DynamicModule {
    return { module: RunnerModule, providers: [...connections(setting), ...workers(setting)] };
  }
}

/** What reaches outside: the manager, Redis, the model. */
function connections({ config, exchange, logger, tracer, exit }: RunnerSetting): Provider[] {
  return [
    provide(Fence, [], () => new Fence(exit)),
    provide(ManagerClient, [], () => new ManagerClient(config.CONFIG_URL, exchange.token)),
    provide(Messaging, [Fence], (fence) => {
      const target = { url: config.REDIS_URL, ...exchange.redis, name: config.INSTANCE_ID };
      return new Messaging(target, (error) => {
        fence.inspect(error);
        logger.debug({ err: error }, 'redis connection');
      });
    }),
    provide(ConfigurationCache, [ManagerClient], (manager) => {
      return new ConfigurationCache(manager, exchange.configuration);
    }),
    provide(TokenBudget, [ManagerClient], (manager) => new TokenBudget(manager)),
    provide(ToolboxFactory, [ManagerClient], (manager) => {
      const onFault = (tool: string, fault: string): void =>
        logger.error({ tool, fault }, 'a tool failed in a way it should not');
      return new ToolboxFactory(manager, onFault, egressProxy(config));
    }),
    provide(AgentGraph, [ManagerClient, ToolboxFactory], (manager, toolboxes) => {
      const call = new ModelCall(tracer ? streamTraced(tracer) : streamChunks, {
        timeout_ms: config.MODEL_TIMEOUT_SECONDS * 1_000,
        stall_ms: config.MODEL_STALL_SECONDS * 1_000,
        backoff_ms: MODEL_BACKOFF_MS,
      });
      const memory = new HttpCheckpointSaver(new CheckpointClient(manager));
      const knowledge = new KnowledgeClient(manager);
      const models = new ModelFactory(modelFetch(egressProxy(config)));
      return new AgentGraph(models, call, toolboxes, memory, knowledge, new UserMemory(manager), tracer);
    }),
    provide(ReportSender, [Messaging, Fence], (messaging, fence) => {
      return new ReportSender(messaging, config.AGENT_ID, fence, logger);
    }),
  ];
}

/** What works on messages: inbox -> runs, beside the heartbeat. */
function workers({ config, exchange, clock, logger, exit }: RunnerSetting): Provider[] {
  const { AGENT_ID: agent_id, INSTANCE_ID: instance_id } = config;
  const { generation } = exchange;
  return [
    provide(AbortController, [], () => {
      const stop = new AbortController();
      // Each run listens to it.
      setMaxListeners(0, stop.signal);
      return stop;
    }),
    provide(InstanceTimeline, [], () => new InstanceTimeline(exchange.wake, clock)),
    provide(
      RunService,
      [ConfigurationCache, AgentGraph, Messaging, ReportSender, Fence, InstanceTimeline, TokenBudget],
      (...needs) => new RunService({ agent_id, generation }, ...needs, logger),
    ),
    provide(StreamConsumer<'inbox'>, [Messaging], (messaging) => {
      const onRejected = (entry_ids: string[]): void =>
        logger.error({ entry_ids }, 'inbox entries that do not fit the schema were set aside');
      return messaging.consumer({ name: 'inbox', agent_id, consumer: instance_id, onRejected }, true);
    }),
    provide(
      ToolTesting,
      [ConfigurationCache, ToolboxFactory, Messaging, AbortController],
      (configurations, toolboxes, messaging, { signal }) =>
        new ToolTesting(agent_id, configurations, toolboxes, messaging, signal),
    ),
    provide(RunRegister, [], () => new RunRegister(exchange.suspects ?? [])),
    provide(
      ThreadScheduler,
      [RunService, ConfigurationCache, StreamConsumer<'inbox'>, AbortController, Fence, RunRegister],
      (runs, configurations, inbox, aborted, fence, register) =>
        new ThreadScheduler({
          concurrency: config.RUN_CONCURRENCY,
          answer: (batch, cancelled) =>
            register.run(
              batch.map(({ message_id }) => message_id),
              () => runs.execute(batch, aborted.signal, cancelled),
            ),
          onCancelled: (message_ids) => register.forget(message_ids),
          skip: (message) => runs.skip(message),
          pauseOf: ({ message_id, version }) =>
            register.isSuspect(message_id) ? Promise.resolve(null) : configurations.pauseOf(version),
          acknowledge: (entry_ids) => acknowledge(inbox, entry_ids, fence),
          onFailure: (error) => {
            if (!aborted.signal.aborted && !fence.isRaised) exit(error);
          },
        }),
    ),
    provide(
      InboxReader,
      [StreamConsumer<'inbox'>, ThreadScheduler, Fence],
      (inbox, scheduler, fence) => new InboxReader(inbox, scheduler, fence, logger),
    ),
    provide(
      HeartbeatService,
      [Messaging, ThreadScheduler, ConfigurationCache, Fence, RunRegister],
      (messaging, scheduler, configurations, fence, register) => {
        const state = (): Heartbeat => ({
          instance_id,
          generation,
          running_version: configurations.newestVersion,
          message_ids: scheduler.message_ids,
          begun_ids: register.begun_ids,
        });
        const heartbeat = new HeartbeatService(agent_id, messaging.heartbeats, state, fence, logger);
        register.tell = () => heartbeat.beat();
        return heartbeat;
      },
    ),
    provide(
      RunnerService,
      [
        ManagerClient,
        Messaging,
        InboxReader,
        ThreadScheduler,
        HeartbeatService,
        AbortController,
        Fence,
        InstanceTimeline,
        ToolTesting,
        AgentGraph,
      ],
      (...needs) => new RunnerService(agent_id, ...needs, clock, logger),
    ),
  ];
}

type Instances<Classes extends Type[]> = {
  [Index in keyof Classes]: Classes[Index] extends Type<infer Instance> ? Instance : never;
};

function provide<Instance, Needs extends Type[]>(
  token: Type<Instance>,
  inject: [...Needs],
  useFactory: (...needs: Instances<Needs>) => Instance,
): Provider {
  return { provide: token, inject, useFactory: useFactory as (...needs: unknown[]) => Instance };
}
