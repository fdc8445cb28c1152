import type { LoggedFrame } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness, type TestRunner } from '../test/manager.harness';

let manager: ManagerHarness;
let messaging: Messaging;
const runners: TestRunner[] = [];
beforeAll(async () => {
  manager = await ManagerHarness.start();
  messaging = new Messaging({ url: manager.redis_url, name: 'test' }, () => undefined);
});
afterEach(() => {
  for (const runner of runners.splice(0)) runner.close();
});
afterAll(async () => {
  messaging.close();
  await manager.stop();
});

const say = (agent_id: string, body: object) => manager.call('POST', `/agents/${agent_id}/messages`, body);
const cancel = (thread_id: string, headers = {}) =>
  manager.call('POST', `/threads/${thread_id}/cancel`, undefined, headers);
const messagesOf = async (thread_id: string) =>
  (await manager.call('GET', `/threads/${thread_id}/messages`)).body.items as Record<string, unknown>[];
const untilMessages = (thread_id: string, expected: object[], timeout = 5_000) =>
  vi.waitFor(async () => expect(await messagesOf(thread_id)).toMatchObject(expected), {
    timeout,
    interval: 20,
  });
const framesOf = async (agent_id: string, thread_id: string): Promise<LoggedFrame[]> =>
  ((await messaging.eventLog.since(agent_id, thread_id, null)) ?? []).map(({ frame }) => frame);
/** The frames that end a message. */
const endsOf = async (agent_id: string, thread_id: string) =>
  (await framesOf(agent_id, thread_id)).filter(({ type }) => type === 'message' || type === 'error');
const inboxOf = async (agent_id: string) =>
  (await messaging.streams.peek('inbox', agent_id, 100)).map(({ message_id }) => message_id);

/** An agent that runs, with a runner the test plays. */
async function running(overrides: object = {}): Promise<{ id: string; runner: TestRunner }> {
  const id = await manager.agent({ ...overrides });
  await manager.call('POST', `/agents/${id}/start`);
  const runner = await manager.runner(id);
  runners.push(runner);
  await manager.untilState(id, 'running');
  return { id, runner };
}

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

    await vi.waitFor(async () => expect(await messaging.streams.occupied('reports', [id])).toEqual([]));
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
    await vi.waitFor(async () => expect(await messaging.streams.occupied('reports', [id])).toEqual([]));
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
    const id = await manager.agent();
    await manager.database.query(
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
    await manager.database.query('UPDATE messages SET cancel_requested_at = now() WHERE id = $1', [
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
    await manager.call('POST', `/agents/${id}/stop`);
    await cancel(body.thread_id);
    await manager.untilState(id, 'stopped');
    await untilMessages(body.thread_id, [{ status: 'failed', error_code: 'run_cancelled' }]);
    expect(await inboxOf(id)).toEqual([]);
  });

  it('needs who may write to the thread', async () => {
    const [id, other] = [await manager.agent(), await manager.agent()];
    const { body } = await say(id, { content: 'hello' });
    const token = async (agent_id: string, user_id: string) =>
      (await manager.call('POST', `/agents/${agent_id}/chat-tokens`, { user_id })).body.token as string;
    const as = (credential: string) => ({ authorization: `Bearer ${credential}` });

    expect((await cancel('thr_aaaaaaaaaaaaaaaaaaaaaa')).body).toMatchObject({ code: 'thread_not_found' });
    for (const stranger of [await token(id, 'ada'), await token(other, 'ada')])
      expect((await cancel(body.thread_id, as(stranger))).body).toMatchObject({ code: 'thread_not_found' });
    const reader = await manager.call('POST', '/api-keys', { name: 'reader', scopes: ['agents:read'] });
    expect(await cancel(body.thread_id, as(reader.body.key))).toMatchObject({
      status: 403,
    });

    const ada = as(await token(id, 'ada'));
    const own = await manager.call('POST', `/agents/${id}/messages`, { content: 'mine' }, ada);
    expect((await cancel(own.body.thread_id, ada)).body).toEqual({ message_ids: [own.body.message_id] });
  });
});

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
    await vi.waitFor(async () => expect(await messaging.streams.occupied('reports', [id])).toEqual([]));
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
    await manager.call('PATCH', `/agents/${id}`, { on_busy: 'reject' });
    expect((await say(id, { content: 'two', thread_id })).body).toMatchObject({ code: 'thread_busy' });
    expect(await say(id, { content: 'elsewhere' })).toMatchObject({ status: 202 });
    await manager.call('PATCH', `/agents/${id}`, { on_busy: 'enqueue' });
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
  const id = await manager.agent();
  await manager.database.query(
    "UPDATE agent_versions SET configuration = configuration - 'on_busy' - 'collect_pause_ms' WHERE agent_id = $1",
    [id],
  );
  expect((await manager.call('GET', `/agents/${id}`)).body).toMatchObject({
    on_busy: 'enqueue',
    collect_pause_ms: 1_500,
  });
  const patched = await manager.call('PATCH', `/agents/${id}`, { on_busy: 'collect' });
  expect(patched.body).toMatchObject({ version: 2, on_busy: 'collect', collect_pause_ms: 1_500 });
  const versions = (await manager.call('GET', `/agents/${id}/versions`)).body.items;
  expect(versions[1].configuration).toMatchObject({ on_busy: 'enqueue' });
});
