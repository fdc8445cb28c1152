import { describe, expect, it, vi } from 'vitest';
import type { TestRunner } from '../test/test.runner';
import { useConversations } from '../test/use.conversations';

const { messaging, messagesOf, say, untilMessages, endsOf, running } = useConversations();

describe('a report on joined messages', () => {
  const three = async (id: string, runner: TestRunner) => {
    const first = (await say(id, { content: 'one' })).body;
    const { thread_id } = first;
    const second = (await say(id, { content: 'two', thread_id })).body;
    const third = (await say(id, { content: 'three', thread_id })).body;
    const entries = [await runner.next(), await runner.next(), await runner.next()];
    const ids = [first.message_id, second.message_id, third.message_id] as [string, string, string];
    return { thread_id: thread_id as string, ids, last: entries[2]! };
  };

  it('commits one reply to the last, and the others end with it', async () => {
    const { id, runner } = await running({ on_busy: 'collect' });
    const { thread_id, ids, last } = await three(id, runner);
    const report = { outcome: 'completed' as const, content: 'to all', usage: null };
    await runner.end(last, report, ids.slice(0, 2));
    await runner.end(last, report, ids.slice(0, 2));
    await untilMessages(thread_id, [
      { status: 'done', joined_into: ids[2] },
      { status: 'done', joined_into: ids[2] },
      { status: 'done', joined_into: null },
      { content: 'to all', in_reply_to: ids[2], interrupted: false },
    ]);
    await vi.waitFor(async () => expect(await messaging().streams.occupied('reports', [id])).toEqual([]));
    expect(await messagesOf(thread_id)).toHaveLength(4);
    expect((await endsOf(id, thread_id))[0]).toMatchObject({
      message_object: { joined_message_ids: ids.slice(0, 2) },
    });
  });

  it('fails each of them, or keeps what was said to all of them', async () => {
    const { id, runner } = await running({ on_busy: 'collect' });
    const failed = await three(id, runner);
    await runner.end(
      failed.last,
      { outcome: 'failed', code: 'model_timeout', detail: 'x' },
      failed.ids.slice(0, 2),
    );
    await untilMessages(
      failed.thread_id,
      failed.ids.map(() => ({ status: 'failed', error_code: 'model_timeout' })),
    );
    const stopped = await three(id, runner);
    await runner.end(stopped.last, { outcome: 'cancelled', content: 'to a' }, stopped.ids.slice(0, 2));
    await untilMessages(stopped.thread_id, [
      { status: 'done', joined_into: stopped.ids[2] },
      { status: 'done', joined_into: stopped.ids[2] },
      { status: 'done' },
      { content: 'to a', interrupted: true },
    ]);
  });
});
