import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { InstancesCleaning } from './instances.cleaning';
import { Periodic } from './periodic';

let manager: ManagerHarness;
beforeAll(async () => {
  manager = await ManagerHarness.start();
});
afterAll(() => manager.stop());

it('instances that ended long ago are forgotten each hour, others and those kept for their logs are not', async () => {
  const agent_id = await manager.agent();
  const ended: [id: string, days: number, kept: boolean][] = [
    ['inst-old', 8, false],
    ['inst-old-kept', 8, true],
    ['inst-new', 6, false],
  ];
  for (const [generation, [id, days, kept]] of ended.entries()) {
    await manager.database.query(
      `INSERT INTO instances (id, agent_id, generation, state, by_hand, ended_at, keep_until)
       VALUES ($1, $2, $3, 'ended', false, now() - make_interval(days => $4),
               CASE WHEN $5 THEN now() + interval '1 hour' END)`,
      [id, agent_id, generation + 1, days, kept],
    );
  }
  const every = vi.spyOn(manager.manager.app.get(Periodic), 'every').mockReturnValue(undefined);
  manager.manager.app.get(InstancesCleaning).onApplicationBootstrap();
  const [, interval_ms, clean] = every.mock.calls[0] ?? [];
  every.mockRestore();

  await clean?.();

  expect(interval_ms).toBe(3_600_000);
  const left = await manager.database.query<{ id: string }[]>('SELECT id FROM instances ORDER BY id');
  expect(left.map(({ id }) => id)).toEqual(['inst-new', 'inst-old-kept']);
});
