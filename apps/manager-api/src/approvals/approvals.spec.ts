import { redisCli } from '@roost/testing';
import { describe, expect, it, vi } from 'vitest';
import { Reconciler } from '../lifecycle/reconciler.service';
import { useApprovals } from '../test/use.approvals';

vi.setConfig({ testTimeout: 60_000 });

const {
  manager,
  messaging,
  eventually,
  say,
  untilMessages,
  approvalsOf,
  decide,
  requestsIn,
  inboxOf,
  request,
  running,
  openChat,
  paused,
  first,
  runnerOf,
} = useApprovals();

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
    const [begin] = (await messaging().eventLog.since(id, thread_id, null)) ?? [];
    const chat = await openChat(id, { thread_id, last_event_id: begin?.event_id });
    await say(id, { content: 'and then', thread_id });
    await chat.nth('user_message', 1);
    expect(chat.ofType('approval_request')).toHaveLength(1);
    await chat.close();
  });

  it('lets its agent go to sleep, and no sweep sends it again', async () => {
    const { id, thread_id } = await paused({ inactivity_timeout: 1 });
    await manager().database.query(
      "UPDATE messages SET created_at = now() - interval '1 hour', updated_at = now() - interval '1 hour'",
    );
    await manager().database.query(
      "UPDATE instances SET ready_at = now() - interval '1 hour' WHERE agent_id = $1",
      [id],
    );
    // Several passes of the reconciler, which looks every 100 ms.
    const reconciler = manager().manager.app.get(Reconciler);
    await reconciler.reconcile();
    expect(await inboxOf(id)).toEqual([]);
    await reconciler.stopIdle();
    await manager().untilState(id, 'stopped');
    await reconciler.reconcile();
    expect(await manager().state(id)).toBe('stopped');
    await untilMessages(thread_id, [{ status: 'paused' }]);
  });

  it('that was cancelled meanwhile does not pause', async () => {
    const { id, runner } = await running();
    const { thread_id } = await say(id, { content: 'refund it' });
    const entry = await runner.next();
    await manager().call('POST', `/threads/${thread_id}/cancel`);
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
      expect(await manager().call('POST', path, edit)).toMatchObject({
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
    const token = await manager().call('POST', `/agents/${run.id}/chat-tokens`, { user_id: 'eve' });
    const asEve = { authorization: `Bearer ${token.body.token as string}` };
    expect(await decide(run.thread_id, first(run), { decision: 'approve' }, asEve)).toMatchObject({
      status: 404,
      body: { code: 'thread_not_found' },
    });
    const reader = await manager().call('POST', '/api-keys', { name: 'reader', scopes: ['agents:read'] });
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
    await manager().call('POST', `/agents/${run.id}/stop`);
    await manager().untilState(run.id, 'stopped');
    await redisCli(manager().redis_url, 'FLUSHALL');
    await decide(run.thread_id, first(run), { decision: 'approve' });
    const next = await runnerOf(run.id);
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
