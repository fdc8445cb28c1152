import { afterEach, expect, it } from 'vitest';
import { ManagerHarness } from '../../test/manager.harness';
import type { TestRunner } from '../../test/test.runner';
import { TestMember } from '../../test/pool.member';

let manager: ManagerHarness;
const open: { close(): void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await manager.stop();
});
const closing = <One extends TestMember | TestRunner>(one: One): One => {
  open.push(one);
  return one;
};
const start = (id: string) => manager.call('POST', `/agents/${id}/start`);
const place = async (id: string) =>
  (await manager.call('GET', `/agents/${id}/status`)).body.queue_position as number | null;
/** Not served by the pool. */
const large = { limits: { memory_mb: 1_024, cpus: 1, pids: 256 } };

it('a warm start does not take the place that another agent waits for', async () => {
  manager = await ManagerHarness.start({
    POOL_SIZE: '1',
    RUNNING_AGENTS_MAX: '2',
    STARTING_AGENTS_MAX: '1',
    START_QUEUE_SECONDS: '60',
  });
  const [waiting_member] = await TestMember.joinAll(manager, 1);
  closing(waiting_member!);
  const [starting, first, late] = [
    await manager.agent(large),
    await manager.agent(large),
    await manager.agent(),
  ];
  await start(starting);
  await start(first);
  expect(await place(first)).toBe(1);
  // One of two places is free, and the one that waits for its turn to start is the next to get it.
  await start(late);
  expect(await place(late)).toBe(2);

  closing(await manager.runner(starting));
  closing(await manager.runner(first));
  expect(await place(late)).toBe(1);
});

it('a warm start waits for nobody while there is room for those that wait, too', async () => {
  manager = await ManagerHarness.start({ POOL_SIZE: '1', RUNNING_AGENTS_MAX: '3', STARTING_AGENTS_MAX: '1' });
  const [member] = await TestMember.joinAll(manager, 1);
  const [starting, first, late] = [
    await manager.agent(large),
    await manager.agent(large),
    await manager.agent(),
  ];
  await start(starting);
  await start(first);
  await start(late);
  closing(await closing(member!).becomeRunner());
  expect(await manager.state(late)).toBe('running');
  expect(await place(first)).toBe(1);
});
