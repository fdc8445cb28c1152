import { HANDOFF_DEPTH_MAX, internalPaths } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import type { TestRunner } from '../test/test.runner';

const handoffTo = (agent_id: string, name = 'ask_other') => ({
  type: 'handoff',
  name,
  description: 'Asks the other one.',
  agent_id,
});

describe('an agent that asks another', () => {
  let manager: ManagerHarness;
  const runners: TestRunner[] = [];
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterEach(() => {
    for (const runner of runners.splice(0)) runner.close();
  });
  afterAll(() => manager.stop());

  async function run(agent_id: string): Promise<TestRunner> {
    const runner = await manager.runner(agent_id);
    runners.push(runner);
    return runner;
  }

  /** An agent that is answering a message of a known user, and one that it may ask. */
  async function pair(overrides: Record<string, unknown> = {}) {
    const other = await manager.agent(overrides);
    const caller = await manager.agent({ tools: [handoffTo(other)] });
    const message = {
      content: 'Do I owe anything?',
      user_id: 'customer-42',
      user_data: { plan: 'gold' },
      channel: 'telegram',
    };
    const { body } = await manager.call('POST', `/agents/${caller}/messages`, message);
    const runner = await run(caller);
    const entry = await runner.next();
    expect(entry.message_id).toBe(body.message_id);
    const ask = (changes: object = {}) =>
      manager.internal(
        'POST',
        internalPaths.handoffs,
        {
          message_id: entry.message_id,
          tool: 'ask_other',
          message: 'Open invoices?',
          idempotency_key: `${entry.message_id}:0:0`,
          wait_ms: 20_000,
          ...changes,
        },
        runner.identity.token,
      );
    return { other, caller, runner, entry, ask };
  }

  it('gets its answer; the other one is woken, and told of the same user by the manager', async () => {
    const { other, ask } = await pair();
    const asking = ask();
    const runner = await run(other);
    const entry = await runner.next();
    expect(entry).toMatchObject({
      content: 'Open invoices?',
      user_id: 'customer-42',
      user_data: { plan: 'gold' },
      channel: 'telegram',
      claimed: {},
    });
    await runner.report(entry, 'Two are open.');
    expect((await asking).body).toEqual({ status: 'done', content: 'Two are open.' });
  });

  it('may repeat the request: one message, one answer', async () => {
    const { other, ask } = await pair();
    const first = await Promise.all([ask({ wait_ms: 0 }), ask({ wait_ms: 0 })]);
    expect(first.map(({ body }) => body)).toEqual([{ status: 'pending' }, { status: 'pending' }]);
    const runner = await run(other);
    await runner.report(await runner.next(), 'Once.');
    expect((await ask()).body).toEqual({ status: 'done', content: 'Once.' });
    expect((await ask()).body).toEqual({ status: 'done', content: 'Once.' });
    const [{ count }] = await manager.database.query(
      `SELECT count(*)::int AS count FROM messages WHERE agent_id = $1 AND role = 'user'`,
      [other],
    );
    expect(count).toBe(1);
  });

  it('goes on with the same conversation on the same thread, and only there', async () => {
    const { other, entry, ask, caller } = await pair();
    await ask({ wait_ms: 0 });
    await ask({ wait_ms: 0, idempotency_key: `${entry.message_id}:1:0` });
    const runner = await run(other);
    const [one, two] = [await runner.next(), await runner.next()];
    expect(one.thread_id).toBe(two.thread_id);
    expect(one.thread_id).not.toBe(entry.thread_id);
    const threads = await manager.call('GET', `/agents/${other}/threads`);
    expect(threads.body.items).toMatchObject([{ id: one.thread_id, user_id: 'customer-42' }]);
    expect((await manager.call('GET', `/agents/${caller}/threads`)).body.items).toHaveLength(1);
  });

  it('may ask only those that its version names, for a message that it is answering', async () => {
    const { ask, entry, runner } = await pair();
    const stranger = await pair();
    expect((await ask({ tool: 'ask_anybody', wait_ms: 0 })).status).toBe(403);
    expect((await ask({ message_id: stranger.entry.message_id, wait_ms: 0 })).status).toBe(403);
    expect((await ask({ agent_id: stranger.other, wait_ms: 0 })).status).toBe(400);
    await runner.report(entry, 'Done without it.');
    await vi.waitFor(async () => expect((await ask({ wait_ms: 0 })).status).toBe(403));
    expect((await manager.internal('POST', internalPaths.handoffs, {}, 'inst_nobody')).status).toBe(401);
  });

  it('learns of another one that is disabled, unknown or fails', async () => {
    const disabled = await pair({ enabled: false });
    expect((await disabled.ask()).body).toEqual({
      status: 'failed',
      detail: expect.stringContaining('The agent is disabled'),
    });
    const gone = await pair();
    await manager.call('DELETE', `/agents/${gone.other}`);
    expect((await gone.ask()).body).toMatchObject({ status: 'failed' });
    const failing = await pair();
    const asking = failing.ask();
    const runner = await run(failing.other);
    await runner.fail(await runner.next(), 'model_unavailable');
    expect((await asking).body).toEqual({
      status: 'failed',
      detail: expect.stringContaining('The model provider does not answer'),
    });
  });

  it('cannot be asked in a circle: the depth is counted by the manager', async () => {
    const agent = await manager.agent();
    await manager.call('PATCH', `/agents/${agent}`, { tools: [handoffTo(agent)] });
    await manager.call('POST', `/agents/${agent}/messages`, { content: 'Ask yourself.' });
    const runner = await run(agent);
    const answers: unknown[] = [];
    for (let depth = 0; depth <= HANDOFF_DEPTH_MAX; depth += 1) {
      const { message_id } = await runner.next();
      const request = {
        message_id,
        tool: 'ask_other',
        message: 'And you?',
        idempotency_key: `${message_id}:0:0`,
      };
      const { body } = await manager.internal(
        'POST',
        internalPaths.handoffs,
        { ...request, wait_ms: 0 },
        runner.identity.token,
      );
      answers.push(body);
    }
    expect(answers).toEqual([
      ...Array.from({ length: HANDOFF_DEPTH_MAX }, () => ({ status: 'pending' })),
      { status: 'failed', detail: expect.stringContaining('at most 3 times') },
    ]);
  });

  it('learns that the other one waits for somebody to allow a call', async () => {
    const { other, ask } = await pair();
    await ask({ wait_ms: 0 });
    const runner = await run(other);
    const asked = await runner.next();
    await runner.pause(asked, [{ approval_id: 'apr_1', tool: 'refund', arguments: {} }], '');
    await vi.waitFor(async () =>
      expect((await ask({ wait_ms: 0 })).body).toEqual({ status: 'pending', waits_for_approval: true }),
    );
  });

  it('can be tried: once a key, in a conversation of its own, for nobody', async () => {
    const other = await manager.agent();
    const caller = await manager.agent({ tools: [handoffTo(other)] });
    await manager.call('POST', `/agents/${caller}/start`);
    const { identity } = await run(caller);
    const trial = { message_id: null, idempotency_key: 'test:1' };
    const ask = (changes: object = {}) =>
      manager.internal(
        'POST',
        internalPaths.handoffs,
        { ...trial, tool: 'ask_other', message: 'Open invoices?', wait_ms: 20_000, ...changes },
        identity.token,
      );
    expect((await ask({ tool: 'ask_anybody' })).status).toBe(403);
    const asking = [ask(), ask()];
    const runner = await run(other);
    const entry = await runner.next();
    expect(entry).toMatchObject({ content: 'Open invoices?', user_id: null, user_data: {}, channel: 'api' });
    await runner.report(entry, 'Two are open.');
    for (const { body } of await Promise.all(asking))
      expect(body).toEqual({ status: 'done', content: 'Two are open.' });
    expect((await manager.call('GET', `/agents/${caller}/threads`)).body.items).toEqual([]);

    const key = { ...trial, idempotency_key: 'test:2' };
    expect((await ask({ ...key, wait_ms: 0 })).body).toEqual({ status: 'pending' });
    await manager.internal('POST', internalPaths.handoffCancels, key, identity.token);
    expect((await ask(key)).body).toMatchObject({ status: 'failed' });
  });

  it('that is cancelled, or waits no longer, ends the other one, too', async () => {
    const owedBy = async (agent_id: string) => {
      const [{ count }] = await manager.database.query(
        `SELECT count(*)::int AS count FROM messages WHERE agent_id = $1 AND status = 'accepted'`,
        [agent_id],
      );
      return count as number;
    };
    const cancelled = await pair();
    await cancelled.ask({ wait_ms: 0 });
    await manager.call('POST', `/threads/${cancelled.entry.thread_id}/cancel`);
    await vi.waitFor(async () => expect(await owedBy(cancelled.other)).toBe(0), { timeout: 10_000 });

    const late = await pair();
    await late.ask({ wait_ms: 0 });
    const { message_id } = late.entry;
    const key = { message_id, idempotency_key: `${message_id}:0:0` };
    const { token } = late.runner.identity;
    expect((await manager.internal('POST', internalPaths.handoffCancels, key, token)).status).toBe(204);
    await vi.waitFor(async () => expect(await owedBy(late.other)).toBe(0), { timeout: 10_000 });
  });

  it('leaves nothing with the other one when its conversation is deleted', async () => {
    const { entry, other, ask } = await pair();
    const asking = ask();
    const runner = await run(other);
    const asked = await runner.next();
    await runner.report(asked, 'Two are open.');
    await asking;
    expect((await manager.call('GET', `/threads/${asked.thread_id}`)).status).toBe(200);
    expect((await manager.call('DELETE', `/threads/${entry.thread_id}`)).status).toBe(204);
    for (const id of [entry.thread_id, asked.thread_id])
      expect((await manager.call('GET', `/threads/${id}`)).status).toBe(404);
    expect(await manager.database.query('SELECT id FROM messages WHERE agent_id = $1', [other])).toEqual([]);
  });
});
