import type { InboxEntry } from '@roost/contracts';
import { sharedStack, type TestRedis } from '@roost/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Messaging } from './messaging';

const entry = (message_id: string): InboxEntry => ({
  message_id,
  thread_id: 'thr_1',
  content: 'hello',
  channel: 'api',
  user_id: null,
  user_data: {},
  claimed: {},
  version: 1,
  accepted_at: 0,
});

describe('a stream with a consumer group', () => {
  let redis: TestRedis;
  let messaging: Messaging;
  let raw: Redis;
  const rejected: string[] = [];
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

  const member = (agent_id: string, consumer: string, blocks = false) =>
    messaging.consumer(
      { name: 'inbox', agent_id, consumer, onRejected: (ids) => rejected.push(...ids) },
      blocks,
    );
  const ids = (entries: { payload: InboxEntry }[]) => entries.map(({ payload }) => payload.message_id);

  it('delivers each entry to one member, oldest first, also what was added before anyone joined', async () => {
    for (const id of ['m1', 'm2', 'm3']) await messaging.streams.add('inbox', 'agent_1', entry(id));
    const [left, right] = [member('agent_1', 'left'), member('agent_1', 'right')];
    expect(ids(await left.read(2))).toEqual(['m1', 'm2']);
    expect(ids(await right.read(2))).toEqual(['m3']);
  });

  it('hands what a member left unacknowledged to the next, and acknowledged entries to nobody', async () => {
    for (const id of ['m1', 'm2']) await messaging.streams.add('inbox', 'agent_2', entry(id));
    const first = member('agent_2', 'first');
    const [done] = await first.read(2);
    await first.acknowledge(done!.id);
    const second = member('agent_2', 'second');
    await second.join();
    expect(ids(await second.takeOver(0, 10))).toEqual(['m2']);
    await second.forgetFormerMembers();
    expect(await raw.xinfo('CONSUMERS', 'roost:agent:agent_2:inbox', 'runner')).toHaveLength(1);
    expect(ids(await second.read(10))).toEqual([]);
  });

  it('knows when a member is ahead of one that still holds an earlier entry', async () => {
    const [one, other] = [member('agent_ahead', 'one'), member('agent_ahead', 'other')];
    await messaging.streams.add('inbox', 'agent_ahead', entry('m1'));
    await messaging.streams.add('inbox', 'agent_ahead', entry('m2'));
    const [first] = await one.read(1);
    const [second] = await other.read(1);
    expect(await other.isOvertaking(second?.id ?? '')).toBe(true);
    expect(await one.isOvertaking(first?.id ?? '')).toBe(false);
    await one.acknowledge(first?.id ?? '');
    expect(await other.isOvertaking(second?.id ?? '')).toBe(false);
  });

  it('wakes a blocked reader', async () => {
    const reader = member('agent_3', 'reader', true);
    const reading = reader.read(1, 5_000);
    await vi.waitFor(async () => expect(await raw.client('LIST')).toMatch(/flags=b .*cmd=xreadgroup/));
    await messaging.streams.add('inbox', 'agent_3', entry('m1'));
    expect(ids(await reading)).toEqual(['m1']);
  });

  it('goes on after Redis was flushed', async () => {
    const reader = member('agent_4', 'reader');
    await reader.join();
    await raw.flushall();
    await messaging.streams.add('inbox', 'agent_4', entry('m1'));
    expect(ids(await reader.read(1))).toEqual(['m1']);
  });

  it('goes on after Redis was flushed while it waited', async () => {
    const reader = member('agent_waiting', 'reader', true);
    await reader.join();
    const reading = reader.read(1, 5_000);
    await vi.waitFor(async () => expect(await raw.client('LIST')).toMatch(/flags=b .*cmd=xreadgroup/));
    await raw.flushall();
    await messaging.streams.add('inbox', 'agent_waiting', entry('m1'));
    expect(ids(await reading)).toEqual(['m1']);
  });

  it('forgets a member that is silent and holds nothing, and none that holds an entry', async () => {
    for (const id of ['m1', 'm2']) await messaging.streams.add('inbox', 'agent_silent', entry(id));
    const [done] = await member('agent_silent', 'done').read(1);
    await member('agent_silent', 'holding').read(1);
    await member('agent_silent', 'done').acknowledge(done?.id ?? '');
    const living = member('agent_silent', 'living');
    const members = async () =>
      ((await raw.xinfo('CONSUMERS', 'roost:agent:agent_silent:inbox', 'runner')) as unknown[][]).map(
        ([, name]) => name,
      );
    await living.forgetSilentMembers(60_000);
    expect(await members()).toEqual(['done', 'holding']);
    await living.forgetSilentMembers(0);
    expect(await members()).toEqual(['holding']);
  });

  it('does not take over what its member says it is still at work on', async () => {
    await messaging.streams.add('inbox', 'agent_kept', entry('m1'));
    const slow = member('agent_kept', 'slow');
    const [kept] = await slow.read(1);
    const pending = async () =>
      (await raw.xpending('roost:agent:agent_kept:inbox', 'runner', '-', '+', 1)) as [
        [string, string, number],
      ];
    await vi.waitFor(async () => expect((await pending())[0][2]).toBeGreaterThan(1_000));
    await slow.keep(kept?.id ?? '');
    expect(ids(await member('agent_kept', 'other').takeOver(1_000, 10))).toEqual([]);
  });

  it('sets aside what does not fit the schema, and tells', async () => {
    await raw.xadd('roost:agent:agent_5:inbox', '*', 'json', '{"message_id":7}');
    await raw.xadd('roost:agent:agent_5:inbox', '*', 'json', 'nonsense');
    await messaging.streams.add('inbox', 'agent_5', entry('m1'));
    expect(ids(await member('agent_5', 'reader').read(10))).toEqual(['m1']);
    expect(rejected).toHaveLength(2);
    expect(await raw.xlen('roost:agent:agent_5:inbox')).toBe(1);
  });

  it('shows what stands in it without taking it', async () => {
    await messaging.streams.add('inbox', 'agent_6', entry('m1'));
    expect(
      (await messaging.streams.peek('inbox', 'agent_6', 10)).map(({ message_id }) => message_id),
    ).toEqual(['m1']);
    expect(ids(await member('agent_6', 'reader').read(10))).toEqual(['m1']);
  });

  it('of reports hints that there is something', async () => {
    const heard: string[] = [];
    const stop = messaging.topics.onReportsReady((agent_id) => heard.push(agent_id));
    const report = {
      outcome: 'failed' as const,
      message_id: 'm1',
      thread_id: 't1',
      run_id: 'r1',
      generation: 1,
      code: 'run_failed',
      detail: '',
    };
    // What is said before the subscription stands is not heard.
    await vi.waitFor(async () => {
      await messaging.streams.add('reports', 'agent_7', report);
      expect(heard).toContain('agent_7');
    });
    stop();
  });
});
