import { describe, expect, it, vi } from 'vitest';
import { useConversations } from '../test/use.conversations';

const { manager, messaging, messagesOf, framesOf, say, cancel, untilMessages, endsOf, inboxOf, running } =
  useConversations();

describe('a cancel', () => {
  it('tells the instance at once, and commits what it says was streamed, once', async () => {
    const { id, runner } = await running();
    const told = await runner.cancels();
    const { body } = await say(id, { content: 'hello' });
    const entry = await runner.next();
    await runner.stream(entry, 'Good ', 'day');

    expect(await cancel(body.thread_id)).toMatchObject({
      status: 202,
      body: { message_ids: [body.message_id] },
    });
    await vi.waitFor(() => expect(told).toEqual([[body.message_id]]));
    await runner.end(entry, { outcome: 'cancelled', content: 'Good day' });
    await runner.end(entry, { outcome: 'completed', content: 'Good day to you', usage: null });
    await runner.end(entry, { outcome: 'cancelled', content: 'Good day' });
    const reply = { content: 'Good day', interrupted: true, in_reply_to: body.message_id };
    await untilMessages(body.thread_id, [{ status: 'done', interrupted: false }, reply]);

    await vi.waitFor(async () => expect(await messaging().streams.occupied('reports', [id])).toEqual([]));
    const ends = await endsOf(id, body.thread_id);
    expect(new Set(ends.map((frame) => frame.type === 'message' && frame.message_object.id)).size).toBe(1);
    expect(ends[0]).toMatchObject({ type: 'message', message_object: { interrupted: true } });
  });

  it('of a run that had said nothing fails the message visibly, once', async () => {
    const { id, runner } = await running();
    const { body } = await say(id, { content: 'hello' });
    const entry = await runner.next();
    await cancel(body.thread_id);
    await runner.end(entry, { outcome: 'cancelled', content: '' });
    await untilMessages(body.thread_id, [{ status: 'failed', error_code: 'run_cancelled' }]);
    await runner.end(entry, { outcome: 'completed', content: 'late', usage: null });
    await vi.waitFor(async () => expect(await messaging().streams.occupied('reports', [id])).toEqual([]));
    expect(await endsOf(id, body.thread_id)).toMatchObject([{ type: 'error', code: 'run_cancelled' }]);
  });

  it('that the instance ignores is carried out without it within a second, and nothing follows its end', async () => {
    const { id, runner } = await running();
    const told = await runner.cancels();
    const { body } = await say(id, { content: 'first' });
    const second = await say(id, { content: 'second', thread_id: body.thread_id });
    const entry = await runner.next();
    await runner.stream(entry, 'Good ', 'day');
    const asked = performance.now();
    await cancel(body.thread_id);
    await untilMessages(body.thread_id, [
      { id: body.message_id, status: 'done' },
      { id: second.body.message_id, status: 'failed', error_code: 'run_cancelled' },
      { content: 'Good day', interrupted: true, in_reply_to: body.message_id },
    ]);
    expect(performance.now() - asked).toBeLessThan(2_000);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(await inboxOf(id)).toEqual([]);

    expect(await runner.stream(entry, ' to you')).toBe(false);
    await runner.end(entry, { outcome: 'cancelled', content: 'Good day' });
    await runner.end(entry, { outcome: 'completed', content: 'Good day to you', usage: null });
    const next = await say(id, { content: 'third', thread_id: body.thread_id });
    await runner.report(await runner.next(), 'the third reply');
    await vi.waitFor(async () => expect(await messagesOf(body.thread_id)).toHaveLength(5));

    const frames = await framesOf(id, body.thread_id);
    const final = frames.findIndex(({ type }) => type === 'message');
    const after = frames.slice(final + 1);
    expect(frames[final - 1]).toMatchObject({ type: 'run', state: 'cancelled', run_id: 'run_test' });
    expect(after.filter((frame) => frame.type === 'token')).toEqual([]);
    expect(await endsOf(id, body.thread_id)).toMatchObject([
      { message_object: { in_reply_to: body.message_id } },
      { message_id: second.body.message_id },
      { message_object: { in_reply_to: next.body.message_id } },
    ]);
  });

  it('of what a sleeping agent owes ends it at once, and the agent is not woken for it', async () => {
    const id = await manager().agent();
    await manager().database.query(
      "UPDATE agents SET wake_not_before = now() + interval '1 hour' WHERE id = $1",
      [id],
    );
    const { body } = await say(id, { content: 'hello' });
    await vi.waitFor(async () => expect(await inboxOf(id)).toHaveLength(1));
    expect((await cancel(body.thread_id)).body).toEqual({ message_ids: [body.message_id] });
    await untilMessages(body.thread_id, [{ status: 'failed', error_code: 'run_cancelled' }]);
    await vi.waitFor(async () => expect(await inboxOf(id)).toEqual([]));
    expect((await cancel(body.thread_id)).body).toEqual({ message_ids: [] });
  });

  it('is carried out by the reconciler when the manager that took it is gone', async () => {
    const { id, runner } = await running();
    const { body } = await say(id, { content: 'hello' });
    await runner.stream(await runner.next(), 'Good');
    await manager().database.query('UPDATE messages SET cancel_requested_at = now() WHERE id = $1', [
      body.message_id,
    ]);
    await untilMessages(body.thread_id, [{ status: 'done' }, { content: 'Good', interrupted: true }]);
  });

  it('keeps the text of the latest run alone', async () => {
    const { id, runner } = await running();
    const { body } = await say(id, { content: 'hello' });
    const entry = await runner.next();
    await runner.stream(entry, 'A run that was ', 'lost');
    await runner.stream(entry, 'Good', ' day');
    await cancel(body.thread_id);
    await untilMessages(body.thread_id, [{ status: 'done' }, { content: 'Good day' }]);
  });

  it('is not given to a new instance as a message to answer', async () => {
    const { id, runner } = await running();
    const { body } = await say(id, { content: 'hello' });
    await runner.next();
    await manager().call('POST', `/agents/${id}/stop`);
    await cancel(body.thread_id);
    await manager().untilState(id, 'stopped');
    await untilMessages(body.thread_id, [{ status: 'failed', error_code: 'run_cancelled' }]);
    expect(await inboxOf(id)).toEqual([]);
  });

  it('needs who may write to the thread', async () => {
    const [id, other] = [await manager().agent(), await manager().agent()];
    const { body } = await say(id, { content: 'hello' });
    const token = async (agent_id: string, user_id: string) =>
      (await manager().call('POST', `/agents/${agent_id}/chat-tokens`, { user_id })).body.token as string;
    const as = (credential: string) => ({ authorization: `Bearer ${credential}` });

    expect((await cancel('thr_aaaaaaaaaaaaaaaaaaaaaa')).body).toMatchObject({ code: 'thread_not_found' });
    for (const stranger of [await token(id, 'ada'), await token(other, 'ada')])
      expect((await cancel(body.thread_id, as(stranger))).body).toMatchObject({ code: 'thread_not_found' });
    const reader = await manager().call('POST', '/api-keys', { name: 'reader', scopes: ['agents:read'] });
    expect(await cancel(body.thread_id, as(reader.body.key))).toMatchObject({
      status: 403,
    });

    const ada = as(await token(id, 'ada'));
    const own = await manager().call('POST', `/agents/${id}/messages`, { content: 'mine' }, ada);
    expect((await cancel(own.body.thread_id, ada)).body).toEqual({ message_ids: [own.body.message_id] });
  });
});
