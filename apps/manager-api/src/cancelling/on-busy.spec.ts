import { describe, expect, it, vi } from 'vitest';
import { useConversations } from '../test/use.conversations';

const { manager, messagesOf, say, untilMessages, inboxOf, running } = useConversations();

describe('a message to a thread that owes an answer', () => {
  it('is refused where the agent rejects, nothing is committed, and it is taken once the answer is there', async () => {
    const { id, runner } = await running({ on_busy: 'reject' });
    const first = await say(id, { content: 'one', client_message_id: 'c-1' });
    const { thread_id } = first.body;
    const answers = await Promise.all([2, 3, 4].map(() => say(id, { content: 'two', thread_id })));
    for (const answer of answers) expect(answer.body).toMatchObject({ status: 409, code: 'thread_busy' });
    expect((await say(id, { content: 'one', client_message_id: 'c-1', thread_id })).body).toEqual(first.body);
    expect(await messagesOf(thread_id)).toHaveLength(1);
    await runner.report(await runner.next(), 'done');
    await untilMessages(thread_id, [{}, { content: 'done' }]);
    expect(await say(id, { content: 'two', thread_id })).toMatchObject({ status: 202 });
  });

  it('is accepted once when two come at the same time where the agent rejects', async () => {
    const { id, runner } = await running({ on_busy: 'reject' });
    const { thread_id } = (await say(id, { content: 'begin' })).body;
    for (let round = 1; round <= 20; round += 1) {
      await runner.report(await runner.next(), 'done');
      await vi.waitFor(async () => expect(await messagesOf(thread_id)).toHaveLength(round * 2));
      const answers = await Promise.all([1, 2, 3, 4].map(() => say(id, { content: 'at once', thread_id })));
      expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409]);
    }
  });

  it('is refused too when what is owed was accepted before the agent began to reject', async () => {
    const { id } = await running();
    const { thread_id } = (await say(id, { content: 'one' })).body;
    await manager().call('PATCH', `/agents/${id}`, { on_busy: 'reject' });
    expect((await say(id, { content: 'two', thread_id })).body).toMatchObject({ code: 'thread_busy' });
    expect(await say(id, { content: 'elsewhere' })).toMatchObject({ status: 202 });
    await manager().call('PATCH', `/agents/${id}`, { on_busy: 'enqueue' });
    expect(await say(id, { content: 'two', thread_id })).toMatchObject({ status: 202 });
  });

  it('cancels what came before it where the agent is interrupted, and nothing else', async () => {
    const { id, runner } = await running({ on_busy: 'interrupt' });
    const told = await runner.cancels();
    const elsewhere = (await say(id, { content: 'elsewhere' })).body;
    const first = (await say(id, { content: 'one' })).body;
    const { thread_id } = first;
    const second = (await say(id, { content: 'two', thread_id })).body;
    const third = (await say(id, { content: 'three', thread_id })).body;
    await vi.waitFor(() =>
      expect(new Set(told.flat())).toEqual(new Set([first.message_id, second.message_id])),
    );
    await untilMessages(thread_id, [
      { status: 'failed', error_code: 'run_cancelled' },
      { status: 'failed', error_code: 'run_cancelled' },
      { id: third.message_id, status: 'accepted' },
    ]);
    expect(await messagesOf(elsewhere.thread_id)).toMatchObject([{ status: 'accepted' }]);
    expect(await inboxOf(id)).toEqual([elsewhere.message_id, third.message_id]);
  });
});

it('an agent stored before there was a choice waits in line, and says so', async () => {
  const id = await manager().agent();
  await manager().database.query(
    "UPDATE agent_versions SET configuration = configuration - 'on_busy' - 'collect_pause_ms' WHERE agent_id = $1",
    [id],
  );
  expect((await manager().call('GET', `/agents/${id}`)).body).toMatchObject({
    on_busy: 'enqueue',
    collect_pause_ms: 1_500,
  });
  const patched = await manager().call('PATCH', `/agents/${id}`, { on_busy: 'collect' });
  expect(patched.body).toMatchObject({ version: 2, on_busy: 'collect', collect_pause_ms: 1_500 });
  const versions = (await manager().call('GET', `/agents/${id}/versions`)).body.items;
  expect(versions[1].configuration).toMatchObject({ on_busy: 'enqueue' });
});
