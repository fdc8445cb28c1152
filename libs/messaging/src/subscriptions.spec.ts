import { sharedStack, type TestRedis } from '@roost/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { subscriberConnection } from './connection';
import { Subscriptions } from './subscriptions';

describe('subscriptions', () => {
  let redis: TestRedis;
  let raw: Redis;
  let subscriptions: Subscriptions;
  let connection: Redis;
  const errors: string[] = [];
  beforeAll(async () => {
    redis = await (await sharedStack()).startRedis();
    raw = new Redis(redis.url);
    connection = subscriberConnection({ url: redis.url, name: 'test' });
    connection.on('error', () => undefined);
    subscriptions = new Subscriptions(connection, ({ message }) => errors.push(message));
  });
  afterAll(async () => {
    subscriptions.close();
    connection.disconnect();
    raw.disconnect();
    await redis.stop();
  });

  it('stand again after the connection was cut, and tell that something may have been missed', async () => {
    const heard: string[] = [];
    await subscriptions.listen('news', (message) => heard.push(message));
    await subscriptions.listen('p:*', (message) => heard.push(message));
    const restored = new Promise<void>((resolve) => subscriptions.onRestored(resolve));
    await raw.client('KILL', 'TYPE', 'pubsub');
    await restored;
    await raw.publish('news', 'one');
    await raw.publish('p:x', 'two');
    await vi.waitFor(() => expect(heard).toEqual(['one', 'two']));
  });

  it('survive a listener that throws, which is told', async () => {
    const heard: string[] = [];
    await subscriptions.listen('rubbish', () => {
      throw new Error('cannot read this');
    });
    await subscriptions.listen('rubbish', (message) => heard.push(message));
    await raw.publish('rubbish', 'x');
    await vi.waitFor(() => expect(heard).toEqual(['x']));
    expect(errors).toEqual(['cannot read this']);
  });

  it('end with their last listener', async () => {
    const stop = [
      await subscriptions.listen('brief', () => undefined),
      await subscriptions.listen('brief', () => undefined),
    ];
    stop[0]?.();
    expect(await raw.pubsub('NUMSUB', 'brief')).toEqual(['brief', 1]);
    stop[1]?.();
    await vi.waitFor(async () => expect(await raw.pubsub('NUMSUB', 'brief')).toEqual(['brief', 0]));
  });

  it('fail within their deadline while Redis is away, and leave nothing behind', async () => {
    const away = subscriberConnection({ url: 'redis://127.0.0.1:1', name: 'test' });
    away.on('error', () => undefined);
    const alone = new Subscriptions(away, () => undefined);
    await expect(alone.listen('x', () => undefined)).rejects.toThrow();
    alone.close();
    away.disconnect();
  });
});
