import { type LoggedFrame, newMessageId } from '@roost/contracts';
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
  request,
  running,
  openChat,
  paused,
  first,
  runnerOf,
} = useApprovals();

describe('what nobody decides', () => {
  it('counts as rejected once its time is over, and the run goes on with that', async () => {
    const run = await paused();
    await manager().database.query("UPDATE approvals SET expires_at = now() - interval '1 s' WHERE id = $1", [
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
    await manager().call('POST', `/agents/${run.id}/stop`);
    await manager().untilState(run.id, 'stopped');
    const second = await say(run.id, { content: 'second', thread_id: run.thread_id });
    await manager().manager.app.get(Reconciler).reconcile();
    expect(await manager().state(run.id)).toBe('stopped');

    await decide(run.thread_id, first(run), { decision: 'approve' });
    const next = await runnerOf(run.id);
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
    const refused = await manager().call('POST', `/agents/${run.id}/messages`, {
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
    await redisCli(manager().redis_url, 'DEL', `roost:agent:${run.id}:thread:${run.thread_id}:log`);
    expect(await manager().call('POST', `/threads/${run.thread_id}/cancel`)).toMatchObject({
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
    await manager().call('PATCH', `/agents/${run.id}`, { enabled: false });
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
  await manager().call('DELETE', `/threads/${thread_id}`);
  await runner.pause({ ...entry, message_id: newMessageId() }, [request()], '');
  await eventually(async () => expect(await messaging().streams.occupied('reports', [id])).toEqual([]));
});
