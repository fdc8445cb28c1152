import { keys } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

export interface RateLimit {
  /** Tells this limit from others; part of the key. */
  name: string;
  /** Events allowed within the window. */
  points: number;
  /** Seconds of the window. */
  duration_s: number;
}

/** Counts shared by all replicas; while Redis is away each replica counts alone. */
export class RateLimiter {
  private readonly limiter: RateLimiterRedis;

  constructor(redis: Redis, limit: RateLimit) {
    const window = { keyPrefix: keys.limit(limit.name), points: limit.points, duration: limit.duration_s };
    this.limiter = new RateLimiterRedis({
      storeClient: redis,
      ...window,
      inMemoryBlockOnConsumed: limit.points + 1,
      insuranceLimiter: new RateLimiterMemory(window),
    });
  }

  /** Counts one event. Null when it is within the limit, else the seconds until one is allowed again. */
  async exceeded(subject: string): Promise<number | null> {
    try {
      await this.limiter.consume(subject);
      return null;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
      throw refusal;
    }
  }
}
