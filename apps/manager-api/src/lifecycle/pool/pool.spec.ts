import { poolPaths } from '@roost/contracts';
import { InstanceAccess } from '@roost/messaging';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../../test/manager.harness';
import type { TestRunner } from '../../test/test.runner';
import { launchedMembers, poolRows, poolSettlesAt, TestMember } from '../../test/pool.member';
import { PoolKeeper } from './pool.keeper';

const PATIENCE = { timeout: 15_000, interval: 20 };

let manager: ManagerHarness;
let open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
  await manager.stop();
});

const closing = <One extends { close(): unknown }>(one: One): One => {
  open.push(one);
  return one;
};
const useManager = async (env: Record<string, string>): Promise<void> => {
  manager = await ManagerHarness.start({ POOL_CLAIM_SECONDS: '1', START_DEADLINE_SECONDS: '20', ...env });
};
const members = async (count: number, known: TestMember[] = []): Promise<TestMember[]> =>
  (await TestMember.joinAll(manager, count, known)).map(closing);
const member = async (): Promise<TestMember> => (await members(1))[0]!;
const runnerOf = async (waiting: TestMember): Promise<TestRunner> => closing(await waiting.becomeRunner());
const status = async (id: string) =>
  (await manager.call('GET', `/agents/${id}/status`)).body as Record<string, unknown>;
const start = (id: string, wait = 0) => manager.call('POST', `/agents/${id}/start?wait=${wait}`);
const liveInstance = async (
  agent_id: string,
): Promise<{ id: string; claimed: boolean; generation: number }> => {
  const [row] = await manager.database.query<{ id: string; claimed: boolean; generation: number }[]>(
    'SELECT id, claimed, generation FROM instances WHERE agent_id = $1 AND ended_at IS NULL',
    [agent_id],
  );
  return row!;
};
const rows = () => poolRows(manager);
const launched = () => launchedMembers(manager);
const settlesAt = (count: number) => poolSettlesAt(manager, count);

describe('a start with a warm pool', () => {
  it('claims a waiting instance, binds it to the next generation, and refills the pool', async () => {
    await useManager({ POOL_SIZE: '1' });
    const waiting = await member();
    const id = await manager.agent();
    expect((await start(id)).body).toMatchObject({ state: 'starting', generation: 1 });
    const runner = await runnerOf(waiting);
    expect(runner.identity).toMatchObject({ instance_id: waiting.instance_id, generation: 1 });
    expect(await status(id)).toMatchObject({ state: 'running', generation: 1, running_version: 1 });
    expect(await liveInstance(id)).toMatchObject({ id: waiting.instance_id, claimed: true });
    const [next] = await members(1, [waiting]);
    expect((await rows()).map((row) => row.id)).toEqual([next!.instance_id]);
    expect((await manager.launcher.list()).map(({ agent_id }) => agent_id)).toEqual([null, null]);
  });

  it('hands over what was owed, and the claimed instance is stopped and removed like any other', async () => {
    await useManager({ POOL_SIZE: '1' });
    const waiting = await member();
    const id = await manager.agent();
    const { body } = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    const runner = await runnerOf(waiting);
    const entry = await runner.next();
    expect(entry).toMatchObject({ message_id: body.message_id });
    await runner.report(entry, 'Hi.');
    await manager.call('POST', `/agents/${id}/stop`);
    await manager.untilState(id, 'stopped');
    await vi.waitFor(async () => expect(await launched()).not.toContain(waiting.instance_id), PATIENCE);
  });

  it('never claims one instance twice: of 50 starts at once as many claim as there are members', async () => {
    await useManager({
      POOL_SIZE: '5',
      POOL_MEMORY_BUDGET_MB: '4096',
      RECONCILE_INTERVAL_MS: '30000',
      // The assignments are looked at when all have begun.
      POOL_CLAIM_SECONDS: '60',
    });
    manager.manager.app.get(PoolKeeper).refillInBackground();
    const waiting = await members(5);
    const agents = await Promise.all(Array.from({ length: 50 }, () => manager.agent()));
    // No refill until all have begun.
    manager.launcher.launch_fault = { kind: 'hang' };
    await Promise.all(agents.map((id) => start(id)));
    const live = await manager.database.query<{ id: string; agent_id: string; claimed: boolean }[]>(
      'SELECT id, agent_id, claimed FROM instances WHERE ended_at IS NULL',
    );
    expect(live).toHaveLength(50);
    const claimed = live.filter((row) => row.claimed);
    expect(claimed.map(({ id }) => id).sort()).toEqual(waiting.map((one) => one.instance_id).sort());
    const assigned = await Promise.all(waiting.map((one) => one.assignment()));
    expect(assigned.map(({ agent_id }) => agent_id).sort()).toEqual(
      claimed.map(({ agent_id }) => agent_id).sort(),
    );
  });

  it('of an agent with other limits is cold, and leaves the pool alone', async () => {
    await useManager({ POOL_SIZE: '1' });
    const waiting = await member();
    const id = await manager.agent({ limits: { memory_mb: 256, cpus: 1, pids: 128 } });
    await start(id);
    closing(await manager.runner(id));
    expect(await liveInstance(id)).toMatchObject({ claimed: false });
    expect(await rows()).toMatchObject([{ id: waiting.instance_id, state: 'ready' }]);
  });

  it('by hand is cold: a person runs the program', async () => {
    await useManager({ POOL_SIZE: '1' });
    await member();
    const agent_id = await manager.agent();
    await manager.internal('POST', '/internal/instances', { agent_id }, manager.key);
    expect(await liveInstance(agent_id)).toMatchObject({ claimed: false });
  });

  it('of a configuration that cannot be run says so', async () => {
    await useManager({ POOL_SIZE: '1' });
    await member();
    const id = await manager.agent({
      model: { name: 'm', base_url: 'https://models.example/v1', api_key: 'sk-x' },
    });
    await manager.database.query(
      "UPDATE agent_versions SET model_api_key = replace(model_api_key, 'v1.', 'v1.0') WHERE agent_id = $1",
      [id],
    );
    expect((await start(id, 5)).body).toMatchObject({ state: 'failed', reason: 'config_invalid' });
  });
});

describe('a member that does not take its agent', () => {
  it('in its time is replaced by a cold start at once, and the agent is not blamed', async () => {
    await useManager({ POOL_SIZE: '1' });
    const waiting = await member();
    const id = await manager.agent();
    await start(id);
    expect(await liveInstance(id)).toMatchObject({ id: waiting.instance_id });
    const runner = closing(await manager.runner(id));
    expect(runner.identity).toMatchObject({ generation: 2 });
    expect(runner.identity.instance_id).not.toBe(waiting.instance_id);
    expect(await status(id)).toMatchObject({ state: 'running', reason: null });
    const [agent] = await manager.database.query<{ failures: number }[]>(
      'SELECT failures FROM agents WHERE id = $1',
      [id],
    );
    expect(agent).toEqual({ failures: 0 });
    expect(await launched()).not.toContain(waiting.instance_id);
  });

  it('for it has died is replaced without waiting for its time', async () => {
    await useManager({ POOL_SIZE: '1', POOL_CLAIM_SECONDS: '60' });
    const waiting = await member();
    const id = await manager.agent();
    await start(id);
    manager.launcher.instance(waiting.instance_id).exit(137, { oom_killed: true });
    closing(await manager.runner(id));
    expect(await status(id)).toMatchObject({ state: 'running', generation: 2, reason: null });
  });

  it('too late is refused', async () => {
    await useManager({ POOL_SIZE: '1' });
    const waiting = await member();
    const id = await manager.agent();
    await start(id);
    const { agent_id, code } = await waiting.assignment();
    closing(await manager.runner(id));
    const { instance_id } = waiting;
    const late = await manager.internal(
      'POST',
      '/internal/instances/exchange',
      { agent_id, instance_id, code },
      'none',
    );
    expect(late.status).toBe(401);
  });
});

describe('a member waiting', () => {
  it('exchanges its code once, and its token says that it is ready and nothing else', async () => {
    await useManager({ POOL_SIZE: '1' });
    const { env, token, instance_id } = await member();
    const again = { instance_id, code: env.EXCHANGE_CODE };
    expect((await manager.internal('POST', poolPaths.exchange, again, 'none')).status).toBe(401);
    expect((await manager.internal('POST', poolPaths.ready, { instance_id, token }, 'none')).status).toBe(
      204,
    );
    const wrong = { instance_id, token: env.EXCHANGE_CODE };
    expect((await manager.internal('POST', poolPaths.ready, wrong, 'none')).status).toBe(401);
    const id = await manager.agent();
    expect((await manager.internal('GET', `/agents/${id}/config`, undefined, token)).status).toBe(401);
    expect((await manager.internal('POST', '/internal/instances/ready', undefined, token)).status).toBe(401);
    expect((await manager.call('POST', poolPaths.exchange, again)).status).toBe(404);
  });

  it('may exchange its code again when Redis was away the first time', async () => {
    await useManager({ POOL_SIZE: '1' });
    const grant = vi
      .spyOn(InstanceAccess.prototype, 'grantPool')
      .mockRejectedValueOnce(new Error('Redis is away'));
    const env = await vi.waitFor(async () => {
      const [id] = await launched();
      return manager.launcher.instance(id!).spec.env;
    }, PATIENCE);
    const body = { instance_id: env['INSTANCE_ID'], code: env['EXCHANGE_CODE'] };
    expect((await manager.internal('POST', poolPaths.exchange, body, 'none')).status).toBe(500);
    expect((await manager.internal('POST', poolPaths.exchange, body, 'none')).status).toBe(200);
    grant.mockRestore();
  });

  it('has an environment that names no agent and no lasting secret', async () => {
    await useManager({ POOL_SIZE: '1' });
    const { env } = await member();
    expect(Object.keys(env).sort()).toEqual([
      'CONFIG_URL',
      'EXCHANGE_CODE',
      'INSTANCE_ID',
      'LOG_FORMAT',
      'LOG_LEVEL',
      'POOL',
      'REDIS_URL',
      'STOP_GRACE_SECONDS',
    ]);
  });

  it('that has gone is replaced', async () => {
    await useManager({ POOL_SIZE: '2' });
    const [first, second] = await members(2);
    manager.launcher.vanish(first!.instance_id);
    manager.launcher.instance(second!.instance_id).exit(66);
    await vi.waitFor(async () => {
      const ids = (await rows()).map(({ id }) => id);
      expect(ids).toHaveLength(2);
      expect(ids).not.toContain(first!.instance_id);
      expect(ids).not.toContain(second!.instance_id);
    }, PATIENCE);
    await settlesAt(2);
  });

  it('without a row is removed as an orphan', async () => {
    await useManager({ POOL_SIZE: '1' });
    const { instance_id } = await member();
    await manager.database.query('DELETE FROM pool_instances WHERE id = $1', [instance_id]);
    await vi.waitFor(async () => expect(await launched()).not.toContain(instance_id), PATIENCE);
    await settlesAt(1);
  });

  it('that never becomes ready is replaced after its deadline', async () => {
    await useManager({ POOL_SIZE: '1', START_DEADLINE_SECONDS: '1' });
    const before = await vi.waitFor(async () => {
      const [row] = await rows();
      if (!row) throw new Error('no member yet');
      return row;
    }, PATIENCE);
    await vi.waitFor(async () => expect((await rows())[0]?.id).not.toBe(before.id), PATIENCE);
    await vi.waitFor(async () => expect(await launched()).not.toContain(before.id), PATIENCE);
  });

  it('is replaced when it has grown old', async () => {
    await useManager({ POOL_SIZE: '1', POOL_MAX_AGE_SECONDS: '1' });
    const old = await member();
    await vi.waitFor(async () => expect(await launched()).not.toContain(old.instance_id), PATIENCE);
    await settlesAt(1);
  });
});
