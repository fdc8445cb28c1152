import { type ApprovalRequest, type InboxEntry, type LoggedFrame, newMessageId } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { PlainChat, type PlainChatOptions, redisCli } from '@roost/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Reconciler } from '../lifecycle/reconciler.service';
import { ManagerHarness } from '../test/manager.harness';
import type { TestRunner } from '../test/test.runner';

vi.setConfig({ testTimeout: 60_000 });

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

const eventually = <Result>(look: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(look, { timeout: 20_000, interval: 20 });
const say = async (agent_id: string, body: object): Promise<{ message_id: string; thread_id: string }> =>
  (await manager.call('POST', `/agents/${agent_id}/messages`, body)).body;
const messagesOf = async (thread_id: string) =>
  (await manager.call('GET', `/threads/${thread_id}/messages`)).body.items as Record<string, unknown>[];
const untilMessages = (thread_id: string, expected: object[]) =>
  eventually(async () => expect(await messagesOf(thread_id)).toMatchObject(expected));
const approvalsOf = async (thread_id: string) =>
  (await manager.call('GET', `/threads/${thread_id}/approvals`)).body.items as Record<string, unknown>[];
const decide = (thread_id: string, approval_id: string, body: object, headers = {}) =>
  manager.call('POST', `/threads/${thread_id}/approvals/${approval_id}`, body, headers);
const requestsIn = async (agent_id: string, thread_id: string) =>
  ((await messaging.eventLog.since(agent_id, thread_id, null)) ?? []).flatMap(({ frame }) =>
    frame.type === 'approval_request' ? [frame] : [],
  );
const inboxOf = async (agent_id: string) =>
  (await messaging.streams.peek('inbox', agent_id, 100)).map(({ message_id }) => message_id);

let asked = 0;
const request = (args: Record<string, unknown> = { order_id: '1042' }): ApprovalRequest => ({
  approval_id: `apr_${String((asked += 1)).padStart(22, '0')}`,
  tool: 'refund',
  arguments: args,
});

/** An agent that runs, with a runner the test plays. */
async function running(overrides: Record<string, unknown> = {}): Promise<{ id: string; runner: TestRunner }> {
  const id = await manager.agent(overrides);
  await manager.call('POST', `/agents/${id}/start`);
  const runner = await manager.runner(id);
  runners.push(runner);
  await manager.untilState(id, 'running');
  return { id, runner };
}

const openChat = (agent_id: string, options: PlainChatOptions): Promise<PlainChat> =>
  PlainChat.open(`http://127.0.0.1:${manager.manager.public_port}`, agent_id, {
    key: manager.key,
    ...options,
  });

interface Paused {
  id: string;
  runner: TestRunner;
  entry: InboxEntry;
  thread_id: string;
  message_id: string;
  approvals: ApprovalRequest[];
}

/** A message whose run waits for these. */
async function paused(
  overrides: Record<string, unknown> = {},
  ...approvals: ApprovalRequest[]
): Promise<Paused> {
  const { id, runner } = await running(overrides);
  const { message_id, thread_id } = await say(id, { content: 'refund it' });
  const entry = await runner.next();
  const wanted = approvals.length > 0 ? approvals : [request()];
  await runner.pause(entry, wanted, 'One moment.');
  await untilMessages(thread_id, [{ status: 'paused' }]);
  return { id, runner, entry, thread_id, message_id, approvals: wanted };
}

const first = ({ approvals }: Paused): string => approvals[0]?.approval_id ?? '';

describe('a run that pauses', () => {
  it('is committed with what it asks, which is shown once and can be listed', async () => {
    const run = await paused();
    const { id, runner, entry, thread_id, message_id, approvals } = run;
    const [listed] = await approvalsOf(thread_id);
    expect(listed).toMatchObject({
      id: first(run),
      message_id,
      tool: 'refund',
      arguments: { order_id: '1042' },
      state: 'pending',
      decided_by: null,
    });
    const day_ms = Date.parse(String(listed?.['expires_at'])) - Date.parse(String(listed?.['created_at']));
    expect(Math.round(day_ms / 1_000)).toBe(86_400);
    await eventually(async () =>
      expect(await requestsIn(id, thread_id)).toMatchObject([
        { approval_id: first(run), message_id, tool: 'refund', arguments: { order_id: '1042' } },
      ]),
    );

    // Told again, as by a runner whose manager died: nothing changes, and listeners drop what they have seen.
    await runner.pause(entry, approvals, 'One moment.');
    await eventually(async () => expect(await requestsIn(id, thread_id)).toHaveLength(2));
    expect(await approvalsOf(thread_id)).toHaveLength(1);
    const [begin] = (await messaging.eventLog.since(id, thread_id, null)) ?? [];
    const chat = await openChat(id, { thread_id, last_event_id: begin?.event_id });
    await say(id, { content: 'and then', thread_id });
    await chat.nth('user_message', 1);
    expect(chat.ofType('approval_request')).toHaveLength(1);
    await chat.close();
  });

  it('lets its agent go to sleep, and no sweep sends it again', async () => {
    const { id, thread_id } = await paused({ inactivity_timeout: 1 });
    await manager.database.query(
      "UPDATE messages SET created_at = now() - interval '1 hour', updated_at = now() - interval '1 hour'",
    );
    await manager.database.query(
      "UPDATE instances SET ready_at = now() - interval '1 hour' WHERE agent_id = $1",
      [id],
    );
    // Several passes of the reconciler, which looks every 100 ms.
    const reconciler = manager.manager.app.get(Reconciler);
    await reconciler.reconcile();
    expect(await inboxOf(id)).toEqual([]);
    await reconciler.stopIdle();
    await manager.untilState(id, 'stopped');
    await reconciler.reconcile();
    expect(await manager.state(id)).toBe('stopped');
    await untilMessages(thread_id, [{ status: 'paused' }]);
  });

  it('that was cancelled meanwhile does not pause', async () => {
    const { id, runner } = await running();
    const { thread_id } = await say(id, { content: 'refund it' });
    const entry = await runner.next();
    await manager.call('POST', `/threads/${thread_id}/cancel`);
    await runner.pause(entry, [request()], '');
    await untilMessages(thread_id, [{ status: 'failed', error_code: 'run_cancelled' }]);
    expect(await approvalsOf(thread_id)).toEqual([]);
  });

  it('of an older generation is refused', async () => {
    const { id, runner } = await running();
    const { thread_id } = await say(id, { content: 'refund it' });
    const entry = await runner.next();
    await runner.pause(entry, [request()], '', runner.identity.generation - 1);
    await runner.report(entry, 'done');
    await untilMessages(thread_id, [{ status: 'done' }, { content: 'done' }]);
    expect(await approvalsOf(thread_id)).toEqual([]);
  });
});

describe('a decision', () => {
  it.each([
    [{ decision: 'approve' }, { state: 'approved', edited_arguments: null }],
    [
      { decision: 'edit', arguments: { order_id: '7' } },
      { state: 'edited', edited_arguments: { order_id: '7' } },
    ],
    [
      { decision: 'reject', reason: 'too dear' },
      { state: 'rejected', reason: 'too dear' },
    ],
  ])('%j is committed, and the message is sent again with it', async (decision, expected) => {
    const run = await paused();
    const decided = await decide(run.thread_id, first(run), decision);
    expect(decided).toMatchObject({ status: 200, body: expected });
    expect(decided.body.decided_by).toMatch(/^key:/);
    const again = await run.runner.next();
    expect(again).toMatchObject({
      message_id: run.message_id,
      pauses: 1,
      approvals: [{ approval_id: first(run), ...decision }],
    });
    await run.runner.report(again, 'Refunded.');
    await untilMessages(run.thread_id, [{ status: 'done' }, { content: 'Refunded.' }]);
  });

  it('whose arguments the database cannot hold as written is still one decision', async () => {
    const run = await paused();
    const path = `/threads/${run.thread_id}/approvals/${first(run)}`;
    const edit = '{"decision": "edit", "arguments": {"amount": -0}}';
    for (let time = 0; time < 2; time += 1)
      expect(await manager.call('POST', path, edit)).toMatchObject({
        status: 200,
        body: { edited_arguments: { amount: 0 } },
      });
  });

  it('is made once: the same again is harmless, another one is refused', async () => {
    const run = await paused();
    const answers = await Promise.all(
      ['approve', 'reject', 'approve', 'reject'].map((decision) =>
        decide(run.thread_id, first(run), { decision }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('approval_decided');
    expect(await approvalsOf(run.thread_id)).toHaveLength(1);
    expect((await run.runner.next()).approvals).toHaveLength(1);
  });

  it.each([
    ['of an edit without arguments', { decision: 'edit' }],
    ['of an approval with arguments', { decision: 'approve', arguments: {} }],
    ['that there is not', { decision: 'maybe' }],
    ['with a property nobody knows', { decision: 'approve', state: 'approved' }],
    ['with arguments that are too large', { decision: 'edit', arguments: { a: 'x'.repeat(70_000) } }],
  ])('%s is refused and changes nothing', async (_name, body) => {
    const run = await paused();
    expect(await decide(run.thread_id, first(run), body)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
    expect(await approvalsOf(run.thread_id)).toMatchObject([{ state: 'pending' }]);
  });

  it('on what there is not, or in another thread, is approval_not_found', async () => {
    const run = await paused();
    const other = await say(run.id, { content: 'other' });
    for (const [thread, id] of [
      [run.thread_id, 'apr_0'],
      [other.thread_id, first(run)],
    ] as const)
      expect(await decide(thread, id, { decision: 'approve' })).toMatchObject({
        status: 404,
        body: { code: 'approval_not_found' },
      });
  });

  it('is for whoever may write to the thread: others do not see it, and a key that may only read is refused', async () => {
    const run = await paused();
    const token = await manager.call('POST', `/agents/${run.id}/chat-tokens`, { user_id: 'eve' });
    const asEve = { authorization: `Bearer ${token.body.token as string}` };
    expect(await decide(run.thread_id, first(run), { decision: 'approve' }, asEve)).toMatchObject({
      status: 404,
      body: { code: 'thread_not_found' },
    });
    const reader = await manager.call('POST', '/api-keys', { name: 'reader', scopes: ['agents:read'] });
    const asReader = { authorization: `Bearer ${reader.body.key as string}` };
    expect((await decide(run.thread_id, first(run), { decision: 'approve' }, asReader)).status).toBe(403);
    expect(await approvalsOf(run.thread_id)).toMatchObject([{ state: 'pending' }]);
  });

  it('on one of two requests leaves the run paused until the other is decided', async () => {
    const run = await paused({}, request({ order_id: '1' }), request({ order_id: '2' }));
    const [one, two] = run.approvals.map(({ approval_id }) => approval_id);
    await decide(run.thread_id, two ?? '', { decision: 'reject' });
    await untilMessages(run.thread_id, [{ status: 'paused' }]);
    expect(await inboxOf(run.id)).toEqual([]);
    await decide(run.thread_id, one ?? '', { decision: 'approve' });
    expect((await run.runner.next()).approvals).toHaveLength(2);
  });

  it('reaches an agent that sleeps, and a Redis that has forgotten everything', async () => {
    const run = await paused();
    await manager.call('POST', `/agents/${run.id}/stop`);
    await manager.untilState(run.id, 'stopped');
    await redisCli(manager.redis_url, 'FLUSHALL');
    await decide(run.thread_id, first(run), { decision: 'approve' });
    const next = await manager.runner(run.id);
    runners.push(next);
    const again = await next.next();
    expect(again).toMatchObject({ message_id: run.message_id, approvals: [{ decision: 'approve' }] });
    await next.report(again, 'Refunded.');
    await untilMessages(run.thread_id, [{ status: 'done' }, { content: 'Refunded.' }]);
  });

  it('is not undone when the pause is reported again after it', async () => {
    const run = await paused();
    await decide(run.thread_id, first(run), { decision: 'approve' });
    const again = await run.runner.next();
    await run.runner.pause(run.entry, run.approvals, 'One moment.');
    await run.runner.report(again, 'Refunded.');
    await untilMessages(run.thread_id, [{ status: 'done' }, { content: 'Refunded.' }]);
    expect(await approvalsOf(run.thread_id)).toMatchObject([{ state: 'approved' }]);
  });
});

describe('what nobody decides', () => {
  it('counts as rejected once its time is over, and the run goes on with that', async () => {
    const run = await paused();
    await manager.database.query("UPDATE approvals SET expires_at = now() - interval '1 s' WHERE id = $1", [
      first(run),
    ]);
    const again = await run.runner.next();
    expect(again.approvals).toEqual([
      { approval_id: first(run), decision: 'reject', reason: 'nobody decided in time' },
    ]);
    expect(await approvalsOf(run.thread_id)).toMatchObject([{ state: 'expired', decided_by: null }]);
    expect(await decide(run.thread_id, first(run), { decision: 'approve' })).toMatchObject({ status: 409 });
  });
});

describe('while a run waits', () => {
  it('later messages of its thread wait behind it, in order, and wake nobody', async () => {
    const run = await paused();
    await manager.call('POST', `/agents/${run.id}/stop`);
    await manager.untilState(run.id, 'stopped');
    const second = await say(run.id, { content: 'second', thread_id: run.thread_id });
    await manager.manager.app.get(Reconciler).reconcile();
    expect(await manager.state(run.id)).toBe('stopped');

    await decide(run.thread_id, first(run), { decision: 'approve' });
    const next = await manager.runner(run.id);
    runners.push(next);
    const entries = [await next.next(), await next.next()];
    expect(entries.map(({ message_id }) => message_id)).toEqual([run.message_id, second.message_id]);
    expect(entries.map(({ pauses }) => pauses)).toEqual([1, 1]);
  });

  it('other threads are answered', async () => {
    const run = await paused();
    const other = await say(run.id, { content: 'other' });
    await run.runner.report(await run.runner.next(), 'Fine.');
    await untilMessages(other.thread_id, [{ status: 'done' }, { content: 'Fine.' }]);
  });

  it('a thread with on_busy reject takes no further message', async () => {
    const run = await paused({ on_busy: 'reject' });
    const refused = await manager.call('POST', `/agents/${run.id}/messages`, {
      content: 'second',
      thread_id: run.thread_id,
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'thread_busy' } });
  });

  it('with on_busy interrupt a further message ends the wait and is answered', async () => {
    const run = await paused({ on_busy: 'interrupt' });
    const second = await say(run.id, { content: 'never mind', thread_id: run.thread_id });
    expect((await run.runner.next()).message_id).toBe(second.message_id);
    await untilMessages(run.thread_id, [
      { status: 'done' },
      { status: 'accepted' },
      { content: 'One moment.', interrupted: true },
    ]);
    expect(await approvalsOf(run.thread_id)).toMatchObject([{ state: 'cancelled' }]);
  });

  it('a cancel ends it with what was said, though Redis has forgotten it', async () => {
    const run = await paused();
    await redisCli(manager.redis_url, 'DEL', `roost:agent:${run.id}:thread:${run.thread_id}:log`);
    expect(await manager.call('POST', `/threads/${run.thread_id}/cancel`)).toMatchObject({
      body: { message_ids: [run.message_id] },
    });
    await untilMessages(run.thread_id, [
      { status: 'done' },
      { content: 'One moment.', interrupted: true, in_reply_to: run.message_id },
    ]);
    expect(await approvalsOf(run.thread_id)).toMatchObject([{ state: 'cancelled' }]);
    expect(await decide(run.thread_id, first(run), { decision: 'approve' })).toMatchObject({
      status: 409,
      body: { code: 'approval_decided' },
    });
  });

  it('disabling its agent fails it visibly', async () => {
    const run = await paused();
    await manager.call('PATCH', `/agents/${run.id}`, { enabled: false });
    await untilMessages(run.thread_id, [{ status: 'failed', error_code: 'agent_disabled' }]);
    expect(await approvalsOf(run.thread_id)).toMatchObject([{ state: 'cancelled' }]);
  });
});

describe('a client', () => {
  it('that comes back after the log was lost gets the transcript, then what is asked', async () => {
    const run = await paused();
    const lost = `${'0'.repeat(12)}.1-0`;
    const chat = await openChat(run.id, { thread_id: run.thread_id, last_event_id: lost });
    const frames = await eventually(() => {
      const heard = chat.frames.filter(({ type }) => type !== 'status');
      expect(heard.map(({ type }) => type)).toEqual(['resync', 'approval_request']);
      return heard as unknown as LoggedFrame[];
    });
    expect(frames[1]).toMatchObject({ approval_id: first(run), arguments: { order_id: '1042' } });
    await chat.close();
  });

  it('that knows only messages reads what is asked as a status', async () => {
    const { id, runner } = await running();
    const { thread_id } = await say(id, { content: 'refund it' });
    const chat = await openChat(id, { thread_id });
    await runner.pause(await runner.next(), [request()], '');
    await eventually(() =>
      expect(chat.frames).toContainEqual(
        expect.objectContaining({
          type: 'status',
          code: 'approval_request',
          content: 'The agent asks for approval to call refund.',
        }),
      ),
    );
    await chat.close();
  });
});

it('a request that cannot be stored fails its message visibly, and what came after it is answered', async () => {
  const { id, runner } = await running();
  const { thread_id } = await say(id, { content: 'refund it' });
  const entry = await runner.next();
  await runner.pause(entry, [request({ order_id: '\0' })], '');
  await untilMessages(thread_id, [{ status: 'failed', error_code: 'run_failed' }]);
  await say(id, { content: 'again', thread_id });
  expect((await runner.next()).pauses).toBe(1);
});

it('a report with requests of a thread that is gone is let go of', async () => {
  const { id, runner } = await running();
  const { thread_id } = await say(id, { content: 'refund it' });
  const entry = await runner.next();
  await manager.call('DELETE', `/threads/${thread_id}`);
  await runner.pause({ ...entry, message_id: newMessageId() }, [request()], '');
  await eventually(async () => expect(await messaging.streams.occupied('reports', [id])).toEqual([]));
});
