import { sharedStack, type TestRedis } from '@roost/devstack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Messaging } from './messaging';

describe('a rate limit', () => {
  let redis: TestRedis;
  const replicas: Messaging[] = [];
  beforeAll(async () => {
    redis = await (await sharedStack()).startRedis();
  });
  afterAll(async () => {
    for (const replica of replicas) replica.close();
    await redis.stop();
  });

  const limiter = (url: string, points: number) => {
    const messaging = new Messaging({ url, name: 'test' }, () => undefined);
    replicas.push(messaging);
    return messaging.rateLimiter({ name: `test-${points}`, points, duration_s: 60 });
  };

  it('is shared by all replicas, a subject each', async () => {
    const [left, right] = [limiter(redis.url, 4), limiter(redis.url, 4)];
    const answers = [];
    for (let event = 0; event < 3; event += 1)
      answers.push(await left.exceeded('ada'), await right.exceeded('ada'));
    expect(answers.slice(0, 4)).toEqual([null, null, null, null]);
    expect(answers.slice(4).every((wait) => wait !== null && wait > 0 && wait <= 60)).toBe(true);
    expect(await left.exceeded('bob')).toBeNull();
  });

  it('is kept by each replica alone while Redis is away', async () => {
    const alone = limiter('redis://127.0.0.1:1', 2);
    expect([await alone.exceeded('ada'), await alone.exceeded('ada')]).toEqual([null, null]);
    expect(await alone.exceeded('ada')).toBeGreaterThan(0);
  });
});
