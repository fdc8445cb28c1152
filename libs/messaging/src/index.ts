export { type RedisTarget } from './connection';
export {
  EVENT_LOG_LENGTH,
  EVENT_LOG_LIFE_MS,
  EVENT_LOG_PAGE,
  EventLog,
  isLater,
  type LoggedEvent,
  sameEpoch,
  type StreamedRun,
} from './event-log';
export { Heartbeats } from './heartbeats';
export { Inboxes } from './inboxes';
export { InstanceAccess } from './instance-access';
export { BLOCK_MS_MAX, Messaging } from './messaging';
export { PoolAssignmentReader, PoolAssignments } from './pool-assignments';
export { type RateLimit, RateLimiter } from './rate-limits';
export { StreamConsumer, type StreamConsumerOptions } from './stream-consumer';
export { type StreamEntry, type StreamName, type StreamPayloads, StreamProducer } from './streams';
export { Topics } from './topics';
export { ToolTests } from './tool-tests';
