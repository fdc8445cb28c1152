import { LOGGED_FRAME_BYTES_MAX, type LoggedFrame } from '@roost/contracts';
import { EVENT_LOG_PAGE, Messaging } from '@roost/messaging';
import { PlainChat, redisCli, SseReader } from '@roost/testing';
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

  it('reads a long log page by page, as fast as its reader', async () => {
    const first = await append('thr_7', '0');
    const contents = Array.from({ length: 900 }, (_unused, index) => String(index + 1));
    await append('thr_7', ...(contents as [string, ...string[]]));
    const since = vi.spyOn(messaging.eventLog, 'since');
    const frames: FeedFrame[] = [];
    let paces = 0;
    await feed.follow(
      'agent_a',
      'thr_7',
      first,
      (frame) => frames.push(frame),
      async () => {
        paces += 1;
        expect(frames).toHaveLength(paces * EVENT_LOG_PAGE);
        await append('thr_7', `late ${paces}`);
      },
    );
    await vi.waitFor(() =>
      expect(frames.map(({ content }) => content)).toEqual([
        ...contents,
        ...Array.from({ length: paces }, (_unused, index) => `late ${index + 1}`),
      ]),
    );
    for (const { value } of since.mock.results)
      expect((await (value as Promise<unknown[]>)).length).toBeLessThanOrEqual(EVENT_LOG_PAGE);
    since.mockRestore();
  });

  it('resyncs with no more of a transcript than fits into one frame', async () => {
    const id = await manager.agent();
    const said: { message_id: string; thread_id: string }[] = [];
    for (let index = 0; index < 12; index += 1) {
      const content = `${index} ${'x'.repeat(30_000)}`;
      const body: object = { content, thread_id: said[0]?.thread_id };
      said.push((await manager.call('POST', `/agents/${id}/messages`, body)).body);
    }
    const frames: FeedFrame[] = [];
    await feed.follow(id, said[0]?.thread_id ?? '', 'ffffffffffff.1-0', (frame) => frames.push(frame));
    const [resync] = frames;
    expect(Buffer.byteLength(JSON.stringify(resync))).toBeLessThanOrEqual(LOGGED_FRAME_BYTES_MAX);
    expect(resync).toMatchObject({ type: 'resync' });
    expect((resync as { messages: object[] }).messages.at(-1)).toMatchObject({ id: said.at(-1)?.message_id });
  });

  it.each(['plain', 'sse'])('gives a client more than its buffer holds, over %s', async (protocol) => {
    const id = await manager.agent({ access: { chat: 'public' } });
    const { body } = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    const { thread_id } = body as { thread_id: string };
    const after = await messaging.eventLog.append(id, thread_id, token('begin'));
    const part = 'x'.repeat(4_000);
    for (let index = 0; index < 10; index += 1)
      await messaging.eventLog.append(
        id,
        thread_id,
        ...(Array.from({ length: 100 }, () => token(part)) as [LoggedFrame, ...LoggedFrame[]]),
      );
    const origin = `http://127.0.0.1:${manager.manager.public_port}`;
    const client =
      protocol === 'plain'
        ? await PlainChat.open(origin, id, {
            key: manager.key,
            thread_id,
            last_event_id: after,
            stream: 'tokens',
          })
        : await SseReader.open(`${origin}/threads/${thread_id}/events`, {
            key: manager.key,
            last_event_id: after,
          });
    await client.nth('token', 1_000);
    expect(client.streamedText()).toHaveLength(4_000_000);
    void client.close();
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
