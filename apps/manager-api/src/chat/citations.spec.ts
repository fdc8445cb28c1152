import type { Citation } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

const citation: Citation = {
  document_id: 'doc_1',
  title: 'Handbook \u0000 \ud83d {1}',
  chunk_id: 'doc_1:0',
  quote: 'We open at "nine".',
  url: null,
};
const shown = { ...citation, title: 'Handbook \ufffd \ufffd {1}' };

describe('what a reply rests on', () => {
  let manager: ManagerHarness;
  let messaging: Messaging;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
    messaging = new Messaging({ url: manager.redis_url, name: 'test' }, () => undefined);
  });
  afterAll(async () => {
    messaging.close();
    await manager.stop();
  });

  const say = async (agent_id: string, content: string, thread_id?: string) =>
    (await manager.call('POST', `/agents/${agent_id}/messages`, { content, thread_id })).body as {
      message_id: string;
      thread_id: string;
    };
  const items = async (thread_id: string) =>
    (await manager.call('GET', `/threads/${thread_id}/messages`)).body.items as object[];

  it.each(['one message', 'joined messages'])('stands beside it: the reply to %s', async (kind) => {
    const id = await manager.agent();
    const first = await say(id, 'When?');
    const last = kind === 'one message' ? first : await say(id, 'Please.', first.thread_id);
    const runner = await manager.runner(id);
    let entry = await runner.next();
    while (entry.message_id !== last.message_id) entry = await runner.next();
    const joined = kind === 'one message' ? undefined : [first.message_id];
    await runner.end(
      entry,
      { outcome: 'completed', content: 'At nine [1].', usage: null, citations: [citation] },
      joined,
    );
    await vi.waitFor(
      async () =>
        expect((await items(first.thread_id)).at(-1)).toMatchObject({
          content: 'At nine [1].',
          citations: [shown],
        }),
      { timeout: 10_000, interval: 20 },
    );
    // The users' own messages have none.
    expect((await items(first.thread_id))[0]).not.toHaveProperty('citations');
    await vi.waitFor(async () =>
      expect((await messaging.eventLog.since(id, first.thread_id, null))?.at(-1)?.frame).toMatchObject({
        type: 'message',
        message_object: { citations: [shown] },
      }),
    );
    runner.close();
  });
});
