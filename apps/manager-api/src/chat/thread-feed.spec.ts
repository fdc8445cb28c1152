import type { LoggedFrame } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { redisCli } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { type FeedFrame, ThreadFeed } from './thread-feed.service';

const token = (content: string): LoggedFrame => ({ type: 'token', content, message_id: 'msg_1' });

describe('the feed of a thread', () => {
  let manager: ManagerHarness;
  let messaging: Messaging;
  let feed: ThreadFeed;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
    messaging = manager.manager.app.get(Messaging);
    feed = manager.manager.app.get(ThreadFeed);
  });
  afterAll(() => manager.stop());

  const follow = async (thread_id: string, after: string | null = null) => {
    const frames: FeedFrame[] = [];
    const stop = await feed.follow('agent_a', thread_id, after, (frame) => frames.push(frame));
    const contents = () => frames.map(({ type, content }) => (type === 'resync' ? 'resync' : content));
    return { frames, contents, stop };
  };
  const append = (thread_id: string, ...contents: [string, ...string[]]) =>
    messaging.eventLog.append(
      'agent_a',
      thread_id,
      ...(contents.map(token) as [LoggedFrame, ...LoggedFrame[]]),
    );
  const cutSubscriptions = () => redisCli(manager.redis_url, 'CLIENT', 'KILL', 'TYPE', 'pubsub');

  it('gives what follows a place, then what comes, each once and in order', async () => {
    const first = await append('thr_1', 'a');
    await append('thr_1', 'b', 'c');
    const { contents } = await follow('thr_1', first);
    await append('thr_1', 'd');
    await vi.waitFor(() => expect(contents()).toEqual(['b', 'c', 'd']));
  });

  it('has no hole where the connection to Redis was cut', async () => {
    const { contents } = await follow('thr_2');
    await append('thr_2', 'a');
    await vi.waitFor(() => expect(contents()).toEqual(['a']));
    await cutSubscriptions();
    await append('thr_2', 'in the gap');
    await vi.waitFor(() => expect(contents()).toEqual(['a', 'in the gap']));
    await append('thr_2', 'after');
    await vi.waitFor(() => expect(contents()).toEqual(['a', 'in the gap', 'after']));
  });

  it('has no hole either when the connection was cut before its first frame', async () => {
    const { contents } = await follow('thr_3');
    await cutSubscriptions();
    await append('thr_3', 'in the gap');
    await vi.waitFor(() => expect(contents()).toEqual(['in the gap']));
  });

  it('says so when the log was lost behind its back', async () => {
    const { contents } = await follow('thr_4');
    await append('thr_4', 'a');
    await vi.waitFor(() => expect(contents()).toEqual(['a']));
    await redisCli(manager.redis_url, 'FLUSHALL');
    await append('thr_4', 'b');
    await vi.waitFor(() => expect(contents()).toEqual(['a', 'resync']));
    await append('thr_4', 'c');
    await vi.waitFor(() => expect(contents()).toEqual(['a', 'resync', 'c']));
  });

  it('begins with the transcript when its place is not known', async () => {
    await append('thr_5', 'a');
    const { contents } = await follow('thr_5', 'ffffffffffff.1-0');
    expect(contents()).toEqual(['resync']);
  });

  it('ends when it is told to', async () => {
    const { contents, stop } = await follow('thr_6');
    stop();
    await append('thr_6', 'unheard');
    const { contents: later } = await follow('thr_6', 'ffffffffffff.1-0');
    await vi.waitFor(() => expect(later()).toHaveLength(1));
    expect(contents()).toEqual([]);
  });
});
