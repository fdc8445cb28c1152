import { Messaging } from '@roost/messaging';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { LostRunsRepository } from './lost-runs.repository';

describe('a message whose run was lost with its runner for the third time', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  /** A running agent one failure before a crash loop, and a message that was lost twice. */
  const suspected = async () => {
    const id = await manager.agent();
    const { message_id, thread_id } = (
      await manager.call('POST', `/agents/${id}/messages`, { content: 'poison' })
    ).body;
    const runner = await manager.runner(id);
    await manager.database.query('UPDATE agents SET failures = 2 WHERE id = $1', [id]);
    await manager.database.query("INSERT INTO lost_runs VALUES ($1, 'inst-1'), ($1, 'inst-2')", [message_id]);
    return { id, runner, message_id: message_id as string, thread_id: thread_id as string };
  };
  const failuresOf = async (id: string) =>
    (
      await manager.database.query<{ failures: number }[]>('SELECT failures FROM agents WHERE id = $1', [id])
    )[0]?.failures;
  const counted = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${manager.manager.internal_port}/metrics`)).text();

  it('fails visibly and is counted, and the agent does not loop', async () => {
    const { id, runner, message_id, thread_id } = await suspected();
    const { instance_id, generation } = runner.identity;
    const beat = { instance_id, generation, running_version: 1, message_ids: [message_id] };
    await manager.manager.app.get(Messaging).heartbeats.beat(id, { ...beat, begun_ids: [message_id] });
    manager.launcher.instance(instance_id).exit(137);
    await manager.untilState(id, 'failed');

    expect((await manager.call('GET', `/agents/${id}/status`)).body).toMatchObject({
      reason: 'process_lost',
    });
    expect((await manager.call('GET', `/threads/${thread_id}/messages`)).body.items).toMatchObject([
      { status: 'failed', error_code: 'run_lost' },
    ]);
    await vi.waitFor(async () =>
      expect(await counted()).toContain(
        'roost_messages_ended_total{outcome="failed",error_code="run_lost"} 1',
      ),
    );
    runner.close();
  });

  it('takes the failures of its agent with it in one step', async () => {
    const { id, runner, message_id } = await suspected();
    const lostRuns = manager.manager.app.get(LostRunsRepository);
    expect(await lostRuns.fail(id, 3, 'run_lost')).toEqual([]);
    expect(await failuresOf(id)).toBe(2);
    expect(await lostRuns.fail(id, 2, 'run_lost')).toMatchObject([{ id: message_id }]);
    expect(await failuresOf(id)).toBe(0);
    runner.close();
  });
});
