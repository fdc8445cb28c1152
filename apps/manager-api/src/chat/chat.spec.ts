import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

describe('messages', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  const say = (agent_id: string, body: object) => manager.call('POST', `/agents/${agent_id}/messages`, body);
  const messagesOf = async (thread_id: string) =>
    (await manager.call('GET', `/threads/${thread_id}/messages`)).body.items as Record<string, unknown>[];
  const untilMessages = (thread_id: string, count: number) =>
    vi.waitFor(
      async () => {
        const items = await messagesOf(thread_id);
        if (items.length < count) throw new Error(`${items.length} messages`);
        return items;
      },
      { timeout: 10_000, interval: 20 },
    );

  it('wake a sleeping agent and are answered by it', async () => {
    const id = await manager.agent();
    const { status, body } = await say(id, { content: 'hello' });
    expect(status).toBe(202);
    const runner = await manager.runner(id);
    const entry = await runner.next();
    expect(entry).toMatchObject({ ...body, content: 'hello', version: 1 });
    await runner.report(entry, 'good day');

    const [question, reply] = await untilMessages(body.thread_id, 2);
    expect(question).toMatchObject({ role: 'user', status: 'done' });
    expect(reply).toMatchObject({ role: 'assistant', content: 'good day', in_reply_to: body.message_id });
    runner.close();
  });

  it('get one reply, however often it is reported, and none from an older generation', async () => {
    const id = await manager.agent();
    const { body } = await say(id, { content: 'hello' });
    const runner = await manager.runner(id);
    const entry = await runner.next();
    await runner.report(entry, 'too old', runner.identity.generation - 1);
    await runner.report(entry, 'the reply');
    await runner.report(entry, 'a repeat');
    await untilMessages(body.thread_id, 2);
    const second = await say(id, { content: 'and then', thread_id: body.thread_id });
    await runner.report(await runner.next(), 'the second reply');

    const items = await untilMessages(body.thread_id, 4);
    expect(items.map(({ content }) => content)).toEqual([
      'hello',
      'the reply',
      'and then',
      'the second reply',
    ]);
    expect(items[3]).toMatchObject({ in_reply_to: second.body.message_id });
    runner.close();
  });

  it('repeated under their client_message_id are accepted once, with and without the thread', async () => {
    const id = await manager.agent();
    const first = await say(id, { content: 'hello', client_message_id: 'c-1' });
    const again = await Promise.all(
      Array.from({ length: 10 }, () => say(id, { content: 'hello', client_message_id: 'c-1' })),
    );
    const known = await say(id, {
      content: 'hello',
      client_message_id: 'c-1',
      thread_id: first.body.thread_id,
    });
    for (const { body } of [...again, known]) expect(body).toEqual(first.body);
    expect(await messagesOf(first.body.thread_id)).toHaveLength(1);
    expect((await say(id, { content: 'other', client_message_id: 'c-1' })).body).toMatchObject({
      status: 409,
      code: 'client_message_id_reused',
    });
  });

  it('sent at the same time under one client_message_id begin one thread', async () => {
    const id = await manager.agent();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => say(id, { content: 'hello', client_message_id: 'c-2' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));
    expect(new Set(answers.map(({ body }) => body.thread_id)).size).toBe(1);
    expect((await manager.call('GET', `/agents/${id}/threads`)).body.items).toHaveLength(1);
  });

  it('to a disabled agent are refused, and what it owed fails visibly', async () => {
    const id = await manager.agent();
    const owed = await say(id, { content: 'hello' });
    await manager.call('PATCH', `/agents/${id}`, { enabled: false });
    expect((await say(id, { content: 'hello' })).body).toMatchObject({ status: 409, code: 'agent_disabled' });
    expect((await manager.call('POST', `/agents/${id}/start`)).body).toMatchObject({
      code: 'agent_disabled',
    });
    await vi.waitFor(async () =>
      expect(await messagesOf(owed.body.thread_id)).toMatchObject([
        { status: 'failed', error_code: 'agent_disabled' },
      ]),
    );
  });

  it('that a runner reports as failed end as one visible failure', async () => {
    const id = await manager.agent();
    const { body } = await say(id, { content: 'hello' });
    const runner = await manager.runner(id);
    await runner.fail(await runner.next(), 'model_unauthorized');
    await vi.waitFor(async () =>
      expect(await messagesOf(body.thread_id)).toMatchObject([
        { status: 'failed', error_code: 'model_unauthorized' },
      ]),
    );
    runner.close();
  });

  it('of another agent cannot be answered: a runner reaches only its own keys', async () => {
    const [own, other] = [await manager.agent(), await manager.agent()];
    await manager.call('POST', `/agents/${own}/start`);
    const runner = await manager.runner(own);
    const { body } = await say(other, { content: 'hello' });
    const entry = {
      message_id: body.message_id,
      thread_id: body.thread_id,
      content: '',
      channel: 'api',
      user_id: null,
      user_data: {},
      claimed: {},
      version: 1,
      accepted_at: 0,
    };
    await runner.report(entry, 'forged', 1);
    const answered = await manager.runner(other);
    await answered.report(await answered.next(), 'genuine');
    expect((await untilMessages(body.thread_id, 2))[1]).toMatchObject({ content: 'genuine' });
    runner.close();
    answered.close();
  });

  it.each([
    ['an unknown thread', { content: 'x', thread_id: 'thr_0000000000000000000000' }, 404, 'thread_not_found'],
    ['no content', {}, 400, 'validation_failed'],
    ['white space', { content: ' \n ' }, 400, 'validation_failed'],
    ['an unknown property', { content: 'x', role: 'system' }, 400, 'validation_failed'],
    ['nested user data', { content: 'x', user_data: { a: {} } }, 400, 'validation_failed'],
  ])('with %s are refused', async (_name, body, status, code) => {
    expect((await say(await manager.agent(), body)).body).toMatchObject({ status, code });
  });

  it('are answered also by a reply with characters that cannot be stored', async () => {
    const id = await manager.agent();
    const { body } = await say(id, { content: 'hello' });
    const runner = await manager.runner(id);
    await runner.report(await runner.next(), 'a\0b');
    expect((await untilMessages(body.thread_id, 2))[1]).toMatchObject({ content: 'ab' });
    runner.close();
  });

  it('are answered although nobody was told of the report', async () => {
    const id = await manager.agent();
    const { body } = await say(id, { content: 'hello' });
    const runner = await manager.runner(id);
    await runner.reportSilently(await runner.next(), 'found by looking');
    expect((await untilMessages(body.thread_id, 2))[1]).toMatchObject({ content: 'found by looking' });
    runner.close();
  });

  it('of two users that a key speaks for begin two threads, whatever their client_message_id', async () => {
    const id = await manager.agent();
    const [ada, bob] = [
      await say(id, { content: 'hello', client_message_id: 'c-9', user_id: 'ada' }),
      await say(id, { content: 'hello', client_message_id: 'c-9', user_id: 'bob' }),
    ];
    expect(ada.body.thread_id).not.toBe(bob.body.thread_id);
  });

  it('go with their thread when it is deleted', async () => {
    const { body } = await say(await manager.agent(), { content: 'hello' });
    expect((await manager.call('DELETE', `/threads/${body.thread_id}`)).status).toBe(204);
    expect((await manager.call('DELETE', `/threads/${body.thread_id}`)).status).toBe(204);
    expect((await manager.call('GET', `/threads/${body.thread_id}/messages`)).body).toMatchObject({
      code: 'thread_not_found',
    });
  });
});
