import { Messaging } from '@roost/messaging';
import { redisCli } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import type { TestRunner } from '../test/test.runner';
import { InboxService } from './inbox.service';

describe('an inbox', () => {
  let manager: ManagerHarness;
  let inbox: InboxService;
  beforeAll(async () => {
    // The reconciler rests: each test sweeps by itself.
    manager = await ManagerHarness.start({ RECONCILE_INTERVAL_MS: '30000' });
    inbox = manager.manager.app.get(InboxService);
  });
  afterAll(() => manager.stop());

  interface Ids {
    message_id: string;
    thread_id: string;
  }
  const say = async (agent_id: string, content: string, thread_id?: string): Promise<Ids> =>
    (await manager.call('POST', `/agents/${agent_id}/messages`, { content, thread_id })).body as Ids;
  const redis = (...command: string[]) => redisCli(manager.redis_url, ...command);
  const awake = async (): Promise<{ id: string; runner: TestRunner }> => {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    const runner = await manager.runner(id);
    await manager.untilState(id, 'running');
    return { id, runner };
  };
  const waiting = async (agent_id: string) =>
    (await manager.manager.app.get(Messaging).inboxes.entries(agent_id)).map(
      ({ payload }) => payload.content,
    );
  /** As if they had been accepted long ago. */
  const age = (agent_id: string) =>
    manager.database.query(
      "UPDATE messages SET created_at = created_at - interval '1 minute' WHERE agent_id = $1",
      [agent_id],
    );

  it('that Redis forgot is refilled before the next message, which comes last', async () => {
    const { id, runner } = await awake();
    const { thread_id } = await say(id, 'first');
    await expect.poll(() => waiting(id)).toEqual(['first']);
    await redis('DEL', `roost:agent:${id}:inbox`, `roost:agent:${id}:inbox-mark`);
    // A runner that reads makes the stream anew at once.
    await redis('XGROUP', 'CREATE', `roost:agent:${id}:inbox`, 'runner', '0', 'MKSTREAM');
    await say(id, 'second', thread_id);
    await expect.poll(() => waiting(id)).toEqual(['first', 'second']);
    runner.close();
  });

  it('gets at once what a client repeats and nobody has handed on, behind what came before it', async () => {
    const { id, runner } = await awake();
    const { thread_id } = await say(id, 'first');
    const again = { content: 'repeated', thread_id, client_message_id: 'again' };
    const { body } = await manager.call('POST', `/agents/${id}/messages`, again);
    await expect.poll(() => waiting(id)).toEqual(['first', 'repeated']);
    await redis('XTRIM', `roost:agent:${id}:inbox`, 'MAXLEN', '0');
    expect((await manager.call('POST', `/agents/${id}/messages`, again)).body).toEqual(body);
    await expect.poll(() => waiting(id), { timeout: 3_000 }).toEqual(['first', 'repeated']);
    runner.close();
  });

  it('does not get twice what a client repeats while it is being handed on', async () => {
    const { id, runner } = await awake();
    const again = { content: 'once', client_message_id: 'again' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => manager.call('POST', `/agents/${id}/messages`, again)),
    );
    expect(new Set(answers.map(({ body }) => (body as Ids).message_id)).size).toBe(1);
    await inbox.sendAgain(id, 'another');
    expect(await waiting(id)).toEqual(['once']);
    runner.close();
  });

  it('gets back what Redis forgot, before what came later on its thread', async () => {
    const { id, runner } = await awake();
    const { thread_id } = await say(id, 'first');
    await say(id, 'second', thread_id);
    await expect.poll(() => waiting(id)).toEqual(['first', 'second']);
    await redis('XTRIM', `roost:agent:${id}:inbox`, 'MAXLEN', '1');
    expect(await waiting(id)).toEqual(['second']);
    await age(id);
    await inbox.sweep(id);
    expect(await waiting(id)).toEqual(['first', 'second']);
    runner.close();
  });

  it('does not get again what a report is waiting for', async () => {
    const { id, runner } = await awake();
    const { message_id, thread_id } = await say(id, 'reported');
    await runner.next();
    const report = {
      outcome: 'failed',
      message_id,
      thread_id,
      run_id: 'r',
      generation: 99,
      code: 'x',
      detail: '',
    };
    await redis('XADD', `roost:agent:${id}:reports`, '*', 'json', JSON.stringify(report));
    await age(id);
    await inbox.sweep(id);
    expect(await waiting(id)).toEqual([]);
    runner.close();
  });

  it('does not get again what was joined into the run that a report is waiting for', async () => {
    const { id, runner } = await awake();
    const first = await say(id, 'joined');
    const last = await say(id, 'reported', first.thread_id);
    await expect.poll(() => waiting(id)).toEqual(['joined', 'reported']);
    await runner.next();
    await runner.next();
    const report = {
      outcome: 'failed',
      ...last,
      run_id: 'r',
      generation: 99,
      code: 'x',
      detail: '',
      joined_message_ids: [first.message_id],
    };
    await redis('XADD', `roost:agent:${id}:reports`, '*', 'json', JSON.stringify(report));
    await age(id);
    await inbox.sweep(id);
    expect(await waiting(id)).toEqual([]);
    runner.close();
  });

  it('does not get again what the live instance works on, but what a former one did', async () => {
    const { id, runner } = await awake();
    const { message_id } = await say(id, 'under way');
    await runner.next();
    await age(id);
    const { heartbeats } = manager.manager.app.get(Messaging);
    const { instance_id, generation } = runner.identity;
    const beat = { instance_id, generation, running_version: 1, message_ids: [message_id] };
    await heartbeats.beat(id, beat);
    await inbox.sweep(id);
    expect(await waiting(id)).toEqual([]);

    await heartbeats.beat(id, { ...beat, instance_id: 'inst-former' });
    await inbox.sweep(id);
    expect(await waiting(id)).toEqual(['under way']);
    runner.close();
  });

  it('does not get what its sender is just handing on', async () => {
    const { id, runner } = await awake();
    await say(id, 'fresh');
    await runner.next();
    await inbox.sweep(id);
    expect(await waiting(id)).toEqual([]);
    runner.close();
  });

  it('of more messages than one step carries is refilled whole and in order', async () => {
    const { id, runner } = await awake();
    const { thread_id } = await say(id, '0');
    await manager.database.query(
      `INSERT INTO messages (id, thread_id, agent_id, role, content, status, channel, version)
       SELECT 'msg_' || n, $1, $2, 'user', n::text, 'accepted', 'api', 1 FROM generate_series(1, 450) AS n ORDER BY n + 0`,
      [thread_id, id],
    );
    await redis('DEL', `roost:agent:${id}:inbox`, `roost:agent:${id}:inbox-mark`);
    await age(id);
    await inbox.sweep(id);
    expect(await waiting(id)).toEqual(Array.from({ length: 451 }, (_unused, index) => String(index)));
    runner.close();
  });
});
