import { Redis, type RedisOptions } from 'ioredis';

export interface RedisTarget {
  /** `redis://` or `rediss://`; credentials in it are used unless given below. */
  url: string;
  username?: string;
  password?: string;
  /** Shown by `CLIENT LIST`; letters, digits and `-`. */
  name: string;
}

/** Milliseconds a command may take before its caller is told that Redis does not answer. */
const COMMAND_TIMEOUT_MS = 5_000;

/** Between attempts to reach Redis: 50 ms doubling to 2 s, with full jitter. */
export const reconnectDelay = (attempt: number): number =>
  Math.round(25 + Math.random() * Math.min(2_000, 50 * 2 ** Math.min(attempt, 10)));

function connection({ url, username, password, name }: RedisTarget, options: RedisOptions): Redis {
  const given = username === undefined && password === undefined ? url : withoutCredentials(url);
  const redis = new Redis(given, {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    // Its answer comes after that to AUTH: without it a connection would be ready before it is known who it is, and
    // what follows a refused AUTH would run as the default user.
    connectionName: name,
    connectTimeout: 5_000,
    // An instance's user may not ask INFO; a command sent too early is retried by Redis' own LOADING answer.
    enableReadyCheck: false,
    // CLIENT SETINFO came with Redis 7.2; on 7.0 an instance's user cannot be allowed to send it.
    disableClientInfo: true,
    retryStrategy: reconnectDelay,
    // A command whose answer was lost is not sent twice behind its caller's back: an XADD would repeat.
    autoResendUnfulfilledCommands: false,
    // Zero: what was under way when a connection broke fails at once. With more it would hang until the timeout.
    maxRetriesPerRequest: 0,
    lazyConnect: true,
    ...options,
  });
  redis.on('ready', () => {
    // ioredis takes a connection that was lost before it had its name for ready. Its next attempt is due already, and
    // would not be made.
    if (redis.status === 'ready' && redis.stream.destroyed) redis.status = 'reconnecting';
  });
  return redis;
}

/** ioredis prefers what the URL says to what the options say. */
function withoutCredentials(url: string): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

/** For ordinary commands: each one is answered or fails within the command timeout. */
export function commandConnection(target: RedisTarget): Redis {
  return connection(target, { commandTimeout: COMMAND_TIMEOUT_MS });
}

/** For one blocking read at a time; a read that outlives its BLOCK by the command timeout is abandoned. */
export function blockingConnection(target: RedisTarget, block_ms: number): Redis {
  return connection(target, { commandTimeout: block_ms + COMMAND_TIMEOUT_MS });
}

/** For SUBSCRIBE only. Who uses it subscribes anew after a reconnect: only then is it known when all stand again. */
export function subscriberConnection(target: RedisTarget): Redis {
  return connection(target, { autoResubscribe: false, commandTimeout: COMMAND_TIMEOUT_MS });
}
