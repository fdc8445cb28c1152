import { redisCli } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

describe('reports', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
    await manager.database.query(
      `CREATE FUNCTION refuse_poison() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$ LANGUAGE plpgsql`,
    );
    await manager.database.query(
      `CREATE TRIGGER refuse_poison BEFORE INSERT ON messages FOR EACH ROW
       WHEN (NEW.content = 'poison') EXECUTE FUNCTION refuse_poison()`,
    );
  });
  afterAll(() => manager.stop());

  const say = async (agent_id: string, content: string) =>
    (await manager.call('POST', `/agents/${agent_id}/messages`, { content })).body as {
      message_id: string;
      thread_id: string;
    };
  const untilThread = (thread_id: string, items: object[]) =>
    vi.waitFor(
      async () =>
        expect((await manager.call('GET', `/threads/${thread_id}/messages`)).body.items).toMatchObject(items),
      { timeout: 10_000, interval: 20 },
    );
  const redis = (...command: string[]) => redisCli(manager.redis_url, ...command);

  it('that cannot be committed hold up none behind them, and end visibly after five deliveries', async () => {
    const id = await manager.agent();
    const poisoned = await say(id, 'first');
    const sound = await say(id, 'second');
    const runner = await manager.runner(id);
    await runner.report(await runner.next(), 'poison');
    await runner.report(await runner.next(), 'the second reply');
    await untilThread(sound.thread_id, [{ status: 'done' }, { content: 'the second reply' }]);

    const reports = `roost:agent:${id}:reports`;
    const [, entry_id = ''] = /(\d+-\d+)/.exec(await redis('XRANGE', reports, '-', '+')) ?? [];
    await redis('XCLAIM', reports, 'manager', 'gone', '0', entry_id, 'IDLE', '60000', 'RETRYCOUNT', '4');
    await untilThread(poisoned.thread_id, [{ status: 'failed', error_code: 'run_failed' }]);
    await vi.waitFor(async () => expect(await redis('XLEN', reports)).toContain('0'));
    runner.close();
  });

  it('that a killed manager had read come before later ones', async () => {
    const id = await manager.agent();
    const { thread_id } = await say(id, 'one');
    const runner = await manager.runner(id);
    const first = await runner.next();
    const { body } = await manager.call('POST', `/agents/${id}/messages`, { content: 'two', thread_id });
    const second = { ...first, message_id: (body as { message_id: string }).message_id };
    const reports = `roost:agent:${id}:reports`;
    const report = {
      ...{ outcome: 'completed', message_id: first.message_id, thread_id, run_id: 'r', generation: 1 },
      ...{ content: 'reply one', usage: null },
    };
    // Reported, and read by another manager, before ours looks.
    await redis('XGROUP', 'CREATE', reports, 'manager', '0', 'MKSTREAM').catch(() => undefined);
    const read_by_another = `redis.call('XADD', KEYS[1], '*', 'json', ARGV[1])
      return redis.call('XREADGROUP', 'GROUP', 'manager', 'killed', 'COUNT', '1', 'STREAMS', KEYS[1], '>')`;
    await redis('EVAL', read_by_another, '1', reports, JSON.stringify(report));
    await runner.report(second, 'reply two');

    await untilThread(thread_id, [
      { content: 'one', status: 'done' },
      { content: 'two', status: 'done' },
      { content: 'reply one' },
      { content: 'reply two' },
    ]);
    runner.close();
  });

  it('of a generation that no agent can have are dropped, and the genuine one counts', async () => {
    const id = await manager.agent();
    const { thread_id } = await say(id, 'hello');
    const runner = await manager.runner(id);
    const entry = await runner.next();
    await runner.report(entry, 'overflow', 2 ** 31);
    await runner.report(entry, 'genuine');
    await untilThread(thread_id, [{ status: 'done' }, { content: 'genuine' }]);
    runner.close();
  });

  it('wait, however often, while PostgreSQL cannot be written to', async () => {
    const id = await manager.agent();
    const { thread_id } = await say(id, 'hello');
    const runner = await manager.runner(id);
    const entry = await runner.next();
    await manager.database.query(
      `CREATE FUNCTION refuse_all() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql`,
    );
    await manager.database.query(
      `CREATE TRIGGER refuse_all BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.content = 'waits') EXECUTE FUNCTION refuse_all()`,
    );
    await runner.report(entry, 'waits');
    const reports = `roost:agent:${id}:reports`;
    const pending = () => redis('XPENDING', reports, 'manager', '-', '+', '1');
    await vi.waitFor(async () => expect(await pending()).toMatch(/\d+-\d+/));
    const [, entry_id = ''] = /(\d+-\d+)/.exec(await pending()) ?? [];
    const deliver = (retries: string) =>
      redis('XCLAIM', reports, 'manager', 'gone', '0', entry_id, 'IDLE', '60000', 'RETRYCOUNT', retries);
    await deliver('20');
    await vi.waitFor(async () => expect(await pending()).toContain('21'), { timeout: 10_000 });
    await untilThread(thread_id, [{ status: 'accepted' }]);

    await manager.database.query('DROP TRIGGER refuse_all ON messages');
    await deliver('21');
    await untilThread(thread_id, [{ status: 'done' }, { content: 'waits' }]);
    runner.close();
  });
});
