import type { LoggedFrame } from '@roost/contracts';
import { sharedStack, type TestRedis } from '@roost/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isLater } from './event-log';
import { Messaging } from './messaging';

const token = (content: string): LoggedFrame => ({ type: 'token', content, message_id: 'msg_1' });
const contents = (events: { frame: LoggedFrame }[] | null) =>
  events?.map(({ frame }) => frame.content) ?? null;

describe('the event log of a thread', () => {
  let redis: TestRedis;
  let messaging: Messaging;
  let raw: Redis;
  beforeAll(async () => {
    redis = await (await sharedStack()).startRedis();
    messaging = new Messaging({ url: redis.url, name: 'test' }, () => undefined);
    raw = new Redis(redis.url);
  });
  afterAll(async () => {
    messaging.close();
    raw.disconnect();
    await redis.stop();
  });

  it('gives what follows an event, in order, and nothing of other threads', async () => {
    const first = await messaging.eventLog.append('agent_a', 'thr_1', token('a'));
    await messaging.eventLog.append('agent_a', 'thr_1', token('b'), token('c'));
    await messaging.eventLog.append('agent_a', 'thr_2', token('x'));
    expect(contents(await messaging.eventLog.since('agent_a', 'thr_1', first))).toEqual(['b', 'c']);
  });

  it('names its newest event, from which nothing follows', async () => {
    await messaging.eventLog.append('agent_a', 'thr_3', token('a'));
    const last = await messaging.eventLog.append('agent_a', 'thr_3', token('b'));
    expect(await messaging.eventLog.tip('agent_a', 'thr_3')).toBe(last);
    expect(await messaging.eventLog.since('agent_a', 'thr_3', last)).toEqual([]);
    expect(await messaging.eventLog.tip('agent_a', 'thr_none')).toBeNull();
  });

  it('says that it is lost after a flush, also when it was written anew since', async () => {
    const before = await messaging.eventLog.append('agent_a', 'thr_4', token('a'));
    await raw.flushall();
    expect(await messaging.eventLog.since('agent_a', 'thr_4', before)).toBeNull();
    const after = await messaging.eventLog.append('agent_a', 'thr_4', token('b'));
    expect(await messaging.eventLog.since('agent_a', 'thr_4', before)).toBeNull();
    expect(isLater(after, before)).toBe(true);
  });

  it('says that it is lost when it was trimmed past the event', async () => {
    const first = await messaging.eventLog.append('agent_a', 'thr_5', token('a'));
    await messaging.eventLog.append('agent_a', 'thr_5', token('b'));
    await raw.xtrim('roost:agent:agent_a:thread:thr_5:log', 'MAXLEN', 1);
    expect(await messaging.eventLog.since('agent_a', 'thr_5', first)).toBeNull();
  });

  it('begins a new epoch when only half of it is left', async () => {
    const before = await messaging.eventLog.append('agent_a', 'thr_6', token('a'));
    await raw.del('roost:agent:agent_a:thread:thr_6:epoch');
    const after = await messaging.eventLog.append('agent_a', 'thr_6', token('b'));
    expect(after.split('.')[0]).not.toBe(before.split('.')[0]);
    expect(contents(await messaging.eventLog.since('agent_a', 'thr_6', after))).toEqual([]);
  });

  it.each(['', 'nonsense', '9f2c4b7a1d3e', '9f2c4b7a1d3e.1', `9f2c4b7a1d3e.${'9'.repeat(50)}-0`])(
    'takes the event id %j for one it does not hold',
    async (event_id) => {
      expect(await messaging.eventLog.since('agent_a', 'thr_1', event_id)).toBeNull();
    },
  );

  it('lives on for a day after its last entry, not for ever', async () => {
    await messaging.eventLog.append('agent_a', 'thr_7', token('a'));
    for (const key of ['log', 'epoch']) {
      const left = await raw.pttl(`roost:agent:agent_a:thread:thr_7:${key}`);
      expect(left).toBeGreaterThan(23 * 3_600_000);
      expect(left).toBeLessThanOrEqual(24 * 3_600_000);
    }
  });

  it('tells listeners of every entry with its place, until they stop listening', async () => {
    const heard: [string, string][] = [];
    const stop = await messaging.topics.onThread('agent_a', 'thr_8', ({ event_id, frame }) =>
      heard.push([event_id, frame.content]),
    );
    const last = await messaging.eventLog.append('agent_a', 'thr_8', token('a b'), token('c'));
    await vi.waitFor(() => expect(heard.map(([, content]) => content)).toEqual(['a b', 'c']));
    expect(heard.at(-1)?.[0]).toBe(last);
    stop();
    await vi.waitFor(async () =>
      expect(await raw.pubsub('NUMSUB', 'roost:agent:agent_a:thread:thr_8:live')).toEqual([
        expect.any(String),
        0,
      ]),
    );
  });
});

describe('the order of event ids', () => {
  it.each([
    ['000000000000.2-0', '000000000000.1-0', true],
    ['000000000000.1-1', '000000000000.1-0', true],
    ['000000000000.10-0', '000000000000.9-0', true],
    ['000000000000.1-0', '000000000000.1-0', false],
    ['000000000000.1-0', '000000000000.2-0', false],
    ['ffffffffffff.1-0', '000000000000.2-0', true],
  ])('%s after %s: %s', (left, right, later) => {
    expect(isLater(left, right)).toBe(later);
  });
});
