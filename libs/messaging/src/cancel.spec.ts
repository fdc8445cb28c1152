import { type InboxEntry, type LoggedFrame } from '@roost/contracts';
import { sharedStack, type TestRedis } from '@roost/devstack';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Messaging } from './messaging';

const AGENT = 'agent_a_aaaa';
const token = (message_id: string, content: string): LoggedFrame => ({ type: 'token', content, message_id });
const started = (message_id: string, run_id: string): LoggedFrame => ({
  type: 'run',
  content: '',
  run_id,
  state: 'started',
  message_id,
});

describe('cancelling', () => {
  let redis: TestRedis;
  /** The manager's, and the one an instance is given. */
  let messaging: Messaging;
  let instance: Messaging;
  beforeAll(async () => {
    redis = await (await sharedStack()).startRedis();
    messaging = new Messaging({ url: redis.url, name: 'test' }, () => undefined);
    const granted = await messaging.instanceAccess.grant(AGENT, 'inst-1');
    instance = new Messaging({ url: redis.url, name: 'test', ...granted }, () => undefined);
  });
  afterAll(async () => {
    instance.close();
    messaging.close();
    await redis.stop();
  });

  it("reaches the agent's own instance", async () => {
    const heard: string[][] = [];
    await instance.topics.onCancel(AGENT, ({ message_ids }) => heard.push(message_ids));
    await messaging.topics.publishCancel('agent_b_bbbb', { message_ids: ['msg_other'] });
    await messaging.topics.publishCancel(AGENT, { message_ids: ['msg_1', 'msg_2'] });
    await vi.waitFor(() => expect(heard).toEqual([['msg_1', 'msg_2']]));
  });

  it('of a run bars it from the log, tells what its latest attempt has streamed, and touches no other', async () => {
    const append = (message_id: string, ...frames: [LoggedFrame, ...LoggedFrame[]]) =>
      instance.eventLog.appendRun(AGENT, 'thr_1', message_id, ...frames);
    await append('msg_1', started('msg_1', 'run_0'), token('msg_1', 'lost'));
    await append('msg_1', started('msg_1', 'run_1'), token('msg_1', 'Good '));
    await append('msg_2', started('msg_2', 'run_2'), token('msg_2', 'other'));
    await append('msg_1', token('msg_1', 'day'));

    const ended = await messaging.eventLog.endRuns(AGENT, 'thr_1', ['msg_1', 'msg_3']);
    expect([...ended]).toEqual([['msg_1', { run_id: 'run_1', content: 'Good day' }]]);
    expect(await append('msg_1', token('msg_1', ' to you'))).toBeNull();
    expect(await append('msg_2', token('msg_2', ' one'))).not.toBeNull();
    const texts = ((await messaging.eventLog.since(AGENT, 'thr_1', null)) ?? []).map(
      ({ frame }) => frame.content,
    );
    expect(texts).toEqual(['', 'lost', '', 'Good ', '', 'other', 'day', ' one']);
  });

  it('tells nothing of a run whose beginning the log has lost: its end alone would be no text', async () => {
    await instance.eventLog.appendRun(AGENT, 'thr_2', 'msg_1', token('msg_1', 'the end'));
    expect(await messaging.eventLog.endRuns(AGENT, 'thr_2', ['msg_1'])).toEqual(new Map());
  });

  it('takes messages off an inbox, delivered or not, and leaves the others', async () => {
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
    const options = { name: 'inbox', agent_id: AGENT, consumer: 'c', onRejected: () => undefined } as const;
    const consumer = messaging.consumer(options, false);
    for (const id of ['m1', 'm2', 'm3', 'm4']) await messaging.streams.add('inbox', AGENT, entry(id));
    await consumer.read(2);
    await messaging.streams.remove('inbox', AGENT, ({ message_id }) => ['m1', 'm3'].includes(message_id), 10);
    const names = (entries: { payload: InboxEntry }[]) => entries.map(({ payload }) => payload.message_id);
    expect(names(await consumer.takeOver(0, 10))).toEqual(['m2']);
    expect(names(await consumer.read(10))).toEqual(['m4']);
  });
});
