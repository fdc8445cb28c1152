import { sharedStack } from '@roost/devstack';
import { Redis } from 'ioredis';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../config';
import type { Verdict } from './check';
import { redisChecks } from './redis.check';

let url: string;
beforeAll(async () => {
  ({ url } = await (await sharedStack()).startRedis());
});

const verdictOn = async (REDIS_URL: string): Promise<Verdict | undefined> =>
  redisChecks(readConfig({ REDIS_URL }))[0]?.run();

it('a Redis that keeps what it holds is well', async () => {
  expect(await verdictOn(url)).toEqual({ verdict: 'ok', hint: 'noeviction' });
});

it('one that drops keys when it is full is not, and the hint says what to set', async () => {
  const redis = new Redis(url);
  onTestFinished(async () => {
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    redis.disconnect();
  });
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect(await verdictOn(url)).toEqual({
    verdict: 'failed',
    hint: expect.stringMatching(/allkeys-lru: CONFIG SET maxmemory-policy noeviction/) as string,
  });
});

it('a wrong password is named as such, whatever characters it has', async () => {
  const place = new URL(url);
  place.username = 'somebody';
  place.password = 'w"rong pässword';
  expect(await verdictOn(place.href)).toEqual({
    verdict: 'failed',
    hint: expect.stringMatching(/WRONGPASS.*: see REDIS_URL/) as string,
  });
});

it('a Redis that is away, or hangs up, is named as such', async () => {
  expect((await verdictOn('redis://127.0.0.1:1'))?.hint).toMatch(/ECONNREFUSED.*: see REDIS_URL/);
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const hangsUp = await verdictOn(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(hangsUp).toMatchObject({
    verdict: 'failed',
    hint: expect.stringContaining('see REDIS_URL') as string,
  });
});
