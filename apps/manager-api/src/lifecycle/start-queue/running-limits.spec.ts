import { afterEach, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../../test/manager.harness';
import type { TestRunner } from '../../test/test.runner';

describe('limits on running agents', () => {
  let manager: ManagerHarness;
  const runners: TestRunner[] = [];
  afterEach(async () => {
    for (const runner of runners.splice(0)) runner.close();
    await manager.stop();
  });
  const start = (id: string) => manager.call('POST', `/agents/${id}/start`);
  const running = async (id: string) => {
    await start(id);
    runners.push(await manager.runner(id));
  };
  const place = async (id: string) =>
    (await manager.call('GET', `/agents/${id}/status`)).body.queue_position as number | null;
  const newKey = async () => {
    const { body } = await manager.call('POST', '/api-keys', { name: 'key', scopes: ['agents:write'] });
    return `Bearer ${body.key as string}`;
  };
  const agentOf = async (authorization: string) => {
    const agent = { name: 'Agent', model: { name: 'a-model' } };
    return (await manager.call('POST', '/agents', agent, { authorization })).body.id as string;
  };

  it('make a start wait while all are at work, and put the one to sleep that has been idle for longest', async () => {
    manager = await ManagerHarness.start({ RUNNING_AGENTS_MAX: '3', RUNNING_IDLE_YIELD_SECONDS: '1' });
    const agents = [];
    for (let count = 0; count < 5; count += 1) agents.push(await manager.agent());
    const [busy, idlest, idle, next, last] = agents as [string, string, string, string, string];
    for (const id of [busy, idlest, idle]) await running(id);
    await manager.call('POST', `/agents/${busy}/messages`, { content: 'think about it' });

    await start(next);
    expect(await place(next)).toBe(1);
    await running(next);
    expect(await manager.state(idlest)).toBe('stopped');
    expect(await manager.state(idle)).toBe('running');

    await running(last);
    expect(await manager.state(idle)).toBe('stopped');
    expect(await manager.state(busy)).toBe('running');
  });

  it('leave those alone that are not idle for long enough', async () => {
    manager = await ManagerHarness.start({ RUNNING_AGENTS_MAX: '1', START_QUEUE_SECONDS: '3' });
    const [current, waiting] = [await manager.agent(), await manager.agent()];
    await running(current);
    await start(waiting);
    await manager.untilState(waiting, 'failed');
    expect(await manager.state(current)).toBe('running');
  });

  it('hold for each key alone: its own idle agents make room for it', async () => {
    manager = await ManagerHarness.start({
      RUNNING_AGENTS_PER_KEY_MAX: '1',
      RUNNING_IDLE_YIELD_SECONDS: '2',
    });
    const [one, other] = [await newKey(), await newKey()];
    const [neighbour, own, waiting, free] = [
      await agentOf(other),
      await agentOf(one),
      await agentOf(one),
      await agentOf(await newKey()),
    ];
    await running(neighbour);
    await running(own);
    await start(waiting);
    await start(free);
    expect([await place(waiting), await place(free)]).toEqual([1, null]);

    await running(waiting);
    expect(await manager.state(own)).toBe('stopped');
    expect(await manager.state(neighbour)).toBe('running');
  });

  it('let a start begin as soon as another agent is stopped', async () => {
    manager = await ManagerHarness.start({ RUNNING_AGENTS_MAX: '1' });
    const [current, waiting] = [await manager.agent(), await manager.agent()];
    await running(current);
    await start(waiting);
    expect(await place(waiting)).toBe(1);
    await manager.call('POST', `/agents/${current}/stop`);
    await running(waiting);
    expect(await manager.state(current)).toBe('stopped');
  });
});
