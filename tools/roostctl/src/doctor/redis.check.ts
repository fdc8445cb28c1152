import { Redis } from 'ioredis';
import type { RoostctlConfig } from '../config';
import { type Check, failed, ok, skipped, type Verdict } from './check';

const ANSWER_MS = 5_000;

/** Whether Redis drops keys when it is full: it must not, for nobody would notice. */
export const redisChecks = ({ REDIS_URL }: RoostctlConfig): Check[] => [
  {
    name: 'Redis and its eviction policy',
    run: () =>
      REDIS_URL === undefined
        ? Promise.resolve(skipped('set REDIS_URL to see whether it keeps what it holds (noeviction)'))
        : policyOf(REDIS_URL),
  },
];

async function policyOf(url: string): Promise<Verdict> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Why there is no connection is told here, not by the command.
  let why: unknown;
  redis.on('error', (error) => (why = error));
  try {
    const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
    return policy === 'noeviction'
      ? ok('noeviction')
      : failed(
          `maxmemory-policy is ${policy ?? 'unknown'}: CONFIG SET maxmemory-policy noeviction, and in redis.conf`,
        );
  } catch (error) {
    why ??= error;
    return failed(`${why instanceof Error ? why.message : String(why)}: see REDIS_URL`);
  } finally {
    redis.disconnect();
  }
}
