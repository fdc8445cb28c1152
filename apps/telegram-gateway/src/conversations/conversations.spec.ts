import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import type { UpdateEntity } from '../ingest/update.entity';
import type { RunEvent } from '../manager/manager.client';
import { Conversations } from './conversations';
import type { SessionContext } from './session.context';

/** What a user says in a private chat of their own. */
const said = (id: number): UpdateEntity => {
  const person = { id, is_bot: false, first_name: 'Ada' };
  const chat = { id, type: 'private' as const, first_name: 'Ada' };
  const message = { message_id: 1, date: 0, from: person, chat, text: 'pay it back' };
  const payload = { update_id: id, message } as UpdateEntity['payload'];
  return { update_id: id, payload, state: 'received', thread_id: null } as UpdateEntity;
};

it('takes up what others say, however many wait for somebody to approve', async () => {
  const ended = new AbortController();
  setMaxListeners(0, ended.signal);
  const asked = new Set<string>();
  async function* run(_agent: string, { user_id }: { user_id: string }): AsyncGenerator<RunEvent> {
    yield { type: 'accepted', accepted: { message_id: `msg_${user_id}`, thread_id: `thr_${user_id}` } };
    const frame = { type: 'approval_request', approval_id: `apr_${user_id}`, tool: 'refund', arguments: {} };
    yield { type: 'frame', frame } as RunEvent;
    asked.add(user_id);
    await new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve()));
  }
  const updates = Array.from({ length: 250 }, (_update, index) => said(index + 1));
  const conversations = new Conversations({
    bot_id: 1,
    username: 'shop_bot',
    agent_id: 'agent_a',
    integration: { allowed_chats: null, groups: 'off', streaming: 'off' },
    signal: ended.signal,
    logger: pino({ enabled: false }),
    look: () => undefined,
    api: {},
    budget: { takeSpare: () => false },
    manager: { run },
    outgoing: { addMeanwhile: () => Promise.resolve() },
    conversations: {
      phoneOf: () => Promise.resolve(null),
      threadOf: () => Promise.resolve(null),
      setThread: () => Promise.resolve(),
    },
    updates: {
      open: () => Promise.resolve(updates),
      find: (_bot: number, id: number) => Promise.resolve(updates[id - 1] ?? null),
      accepted: () => Promise.resolve(true),
    },
  } as unknown as SessionContext);
  const running = conversations.run();
  await vi.waitFor(() => expect(asked.size).toBe(updates.length), 5_000);
  ended.abort();
  await running;
});
