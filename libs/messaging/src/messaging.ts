import type { Redis } from 'ioredis';
import { blockingConnection, commandConnection, type RedisTarget, subscriberConnection } from './connection';
import { EventLog } from './event-log';
import { Heartbeats } from './heartbeats';
import { Inboxes } from './inboxes';
import { InstanceAccess } from './instance-access';
import { PoolAssignmentReader, PoolAssignments } from './pool-assignments';
import { type RateLimit, RateLimiter } from './rate-limits';
import { StreamConsumer, type StreamConsumerOptions } from './stream-consumer';
import { StreamProducer, type StreamName } from './streams';
import { Subscriptions } from './subscriptions';
import { ToolTests } from './tool-tests';
import { Topics } from './topics';

/** Milliseconds the longest blocking read waits. */
export const BLOCK_MS_MAX = 10_000;

/** All that an app does with Redis. Connections are opened on first use and come back by themselves. */
export class Messaging {
  readonly streams: StreamProducer;
  readonly eventLog: EventLog;
  readonly heartbeats: Heartbeats;
  readonly inboxes: Inboxes;
  readonly instanceAccess: InstanceAccess;
  readonly poolAssignments: PoolAssignments;
  private readonly commands: Redis;
  private readonly open: Redis[] = [];
  private lazyTopics: Topics | null = null;
  private lazyToolTests: ToolTests | null = null;
  private subscriptions: Subscriptions | null = null;

  /** `onError` hears of lost connections; calls in progress fail by themselves. */
  constructor(
    private readonly target: RedisTarget,
    private readonly onError: (error: Error) => void,
  ) {
    this.commands = this.track(commandConnection(target));
    this.streams = new StreamProducer(this.commands);
    this.eventLog = new EventLog(this.commands);
    this.heartbeats = new Heartbeats(this.commands);
    this.inboxes = new Inboxes(this.commands);
    this.instanceAccess = new InstanceAccess(this.commands);
    this.poolAssignments = new PoolAssignments(this.commands);
  }

  get topics(): Topics {
    this.lazyTopics ??= new Topics(this.commands, this.subscribed());
    return this.lazyTopics;
  }

  get toolTests(): ToolTests {
    this.lazyToolTests ??= new ToolTests(this.commands, this.subscribed());
    return this.lazyToolTests;
  }

  /** A member of a consumer group. One that blocks has a connection of its own. */
  consumer<Name extends StreamName>(
    options: StreamConsumerOptions<Name>,
    blocks: boolean,
  ): StreamConsumer<Name> {
    const blocking = blocks ? this.track(blockingConnection(this.target, BLOCK_MS_MAX)) : null;
    return new StreamConsumer(this.commands, blocking, options);
  }

  /** For the member of the warm pool itself, on a connection of its own. */
  poolAssignmentReader(instance_id: string): PoolAssignmentReader {
    return new PoolAssignmentReader(this.track(blockingConnection(this.target, BLOCK_MS_MAX)), instance_id);
  }

  rateLimiter(limit: RateLimit): RateLimiter {
    return new RateLimiter(this.commands, limit);
  }

  /** Rejects when Redis does not answer in time. */
  async ping(): Promise<void> {
    await this.commands.ping();
  }

  /** Cuts every connection; commands in progress fail. */
  close(): void {
    this.subscriptions?.close();
    for (const connection of this.open) connection.disconnect();
  }

  private subscribed(): Subscriptions {
    this.subscriptions ??= new Subscriptions(this.track(subscriberConnection(this.target)), this.onError);
    return this.subscriptions;
  }

  private track(connection: Redis): Redis {
    connection.on('error', this.onError);
    this.open.push(connection);
    return connection;
  }
}
