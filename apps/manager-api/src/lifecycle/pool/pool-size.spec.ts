import type { Launcher } from '@roost/launcher';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startManager } from '../../bootstrap';
import { ManagerHarness } from '../../test/manager.harness';
import { launchedMembers, poolRows, poolSettlesAt, TestMember } from '../../test/pool.member';
import { testConfig } from '../../test/test-config';
import { LAUNCHER } from '../launcher.provider';
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
  manager = await ManagerHarness.start({ START_DEADLINE_SECONDS: '20', ...env });
};
const members = async (count: number): Promise<TestMember[]> =>
  (await TestMember.joinAll(manager, count)).map(closing);
const rows = () => poolRows(manager);
const launched = () => launchedMembers(manager);
const settlesAt = (count: number) => poolSettlesAt(manager, count);

describe('the size of the pool', () => {
  it('is cut to what the memory budget holds', async () => {
    await useManager({ POOL_SIZE: '10', POOL_MEMORY_BUDGET_MB: '1535' });
    await settlesAt(2);
    await manager.manager.app.get(PoolKeeper).tend();
    expect(await rows()).toHaveLength(2);
  });

  it('is none unless asked for', async () => {
    await useManager({});
    await manager.manager.app.get(PoolKeeper).tend();
    expect(await rows()).toEqual([]);
  });

  it('is reached exactly by two managers that refill at the same time', async () => {
    const env = { POOL_SIZE: '5', POOL_MEMORY_BUDGET_MB: '4096', RECONCILE_INTERVAL_MS: '30000' };
    await useManager(env);
    const other = await secondManager(env);
    const keepers = [manager.manager, other].map(({ app }) => app.get(PoolKeeper));
    await Promise.all(Array.from({ length: 10 }, (_, round) => keepers[round % 2]!.tend()));
    await settlesAt(5);
  });

  it('is kept by another kind of member, one after the other, when what is started changes', async () => {
    await useManager({ POOL_SIZE: '2', RECONCILE_INTERVAL_MS: '30000' });
    manager.manager.app.get(PoolKeeper).refillInBackground();
    const old = (await members(2)).map(({ instance_id }) => instance_id);
    const other = await secondManager({ POOL_SIZE: '2', POOL_PIDS: '64', RECONCILE_INTERVAL_MS: '30000' });
    const keeper = other.app.get(PoolKeeper);

    await keeper.tend();
    expect((await rows()).filter(({ id }) => old.includes(id))).toHaveLength(1);
    await keeper.tend();
    // The new one is not ready yet.
    expect((await rows()).filter(({ id }) => old.includes(id))).toHaveLength(1);
    await manager.database.query(
      "UPDATE pool_instances SET state = 'ready', ready_at = now(), deadline = NULL",
    );
    await keeper.tend();

    const now = await rows();
    expect(now).toHaveLength(2);
    expect(now.filter(({ id }) => old.includes(id))).toEqual([]);
    expect((await launched()).sort()).toEqual(now.map(({ id }) => id).sort());
  });

  it('is given up when the pool is switched off', async () => {
    await useManager({ POOL_SIZE: '1', RECONCILE_INTERVAL_MS: '30000' });
    manager.manager.app.get(PoolKeeper).refillInBackground();
    await settlesAt(1);
    const other = await secondManager({ POOL_SIZE: '0', RECONCILE_INTERVAL_MS: '30000' });
    await other.app.get(PoolKeeper).tend();
    await settlesAt(0);
  });

  it('is not chased by starting again and again what dies at once', async () => {
    await useManager({ POOL_SIZE: '1' });
    let launches = 0;
    const launch = manager.launcher.launch.bind(manager.launcher);
    vi.spyOn(manager.launcher, 'launch').mockImplementation(async (spec) => {
      launches += 1;
      await launch(spec);
      manager.launcher.instance(spec.instance_id).exit(1);
    });
    await vi.waitFor(() => expect(launches).toBeGreaterThan(1), PATIENCE);
    const before = launches;
    for (let pass = 0; pass < 20; pass += 1) await manager.manager.app.get(PoolKeeper).tend();
    expect(launches - before).toBeLessThanOrEqual(1);
  });
});

/** A further manager on the same database, Redis and platform. */
async function secondManager(env: Record<string, string>) {
  const { url } = manager.database.options as { url: string };
  const config = testConfig({ DATABASE_URL: url, REDIS_URL: manager.redis_url, ...env });
  const second = closing(await startManager(config, pino({ enabled: false })));
  const own = second.app.get<Launcher>(LAUNCHER);
  for (const call of ['launch', 'stop', 'remove', 'inspect', 'list'] as const) {
    vi.spyOn(own, call).mockImplementation(manager.launcher[call].bind(manager.launcher));
  }
  return second;
}
