import { PlainChat } from '@roost/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InstanceLaunching } from '../instance-launching.service';
import { ManagerHarness } from '../../test/manager.harness';
import { RunnerCrew } from '../../test/runner.crew';
import { ADMISSION_LOCK } from './queue-of-starts';

describe('the queue of starts, one at a time', () => {
  const open: ManagerHarness[] = [];
  afterEach(async () => {
    for (const manager of open.splice(0)) await manager.stop();
  });
  const managerWith = async (settings: Record<string, string> = {}) => {
    const manager = await ManagerHarness.start({ STARTING_AGENTS_MAX: '1', ...settings });
    open.push(manager);
    return manager;
  };
  const start = (manager: ManagerHarness, id: string) => manager.call('POST', `/agents/${id}/start`);
  const status = async (manager: ManagerHarness, id: string) =>
    (await manager.call('GET', `/agents/${id}/status`)).body as Record<string, unknown>;
  /** Agents that were asked to start one after the other: the first is starting, the others wait. */
  const queued = async (manager: ManagerHarness, count: number) => {
    const ids = await Promise.all(Array.from({ length: count }, () => manager.agent()));
    for (const id of ids) await start(manager, id);
    return ids as [string, string, string, string];
  };
  const places = (manager: ManagerHarness, ids: string[]) =>
    Promise.all(ids.map(async (id) => (await status(manager, id))['queue_position']));

  it('tells each agent its place, in its status and to whoever chats with it', async () => {
    const manager = await managerWith();
    const [first, second, third, last] = await queued(manager, 4);
    expect(await places(manager, [first, second, third, last])).toEqual([null, 1, 2, 3]);
    expect(await status(manager, last)).toMatchObject({ state: 'starting', generation: 1 });
    const chat = await PlainChat.open(`http://127.0.0.1:${manager.manager.public_port}`, last, {
      key: manager.key,
    });
    const waits = (queue_position: number | null) =>
      chat.waitFor((frame) => frame.type === 'status' && frame.queue_position === queue_position);

    expect(await waits(3)).toMatchObject({
      state: 'starting',
      code: 'agent_starting',
      message: 'The agent waits for its turn to start: 2 before it.',
    });
    const runners = [await manager.runner(first)];
    await waits(2);
    runners.push(await manager.runner(second));
    expect(await waits(1)).toMatchObject({
      content: 'The agent waits for its turn to start: it is the next.',
    });
    runners.push(await manager.runner(third));
    runners.push(await manager.runner(last));
    await chat.waitFor((frame) => frame.type === 'status' && frame.state === 'running');

    expect(chat.ofType('status').map(({ state, queue_position }) => [state, queue_position])).toEqual([
      ['starting', 3],
      ['starting', 2],
      ['starting', 1],
      ['starting', null],
      ['initializing', null],
      ['running', null],
    ]);
    expect(chat.ofType('status').every(({ message, content }) => message === content)).toBe(true);
    for (const runner of runners) runner.close();
    await chat.close();
  });

  it('lets keys take turns, however many agents one of them wants to start', async () => {
    const manager = await managerWith();
    const of = async (count: number) => {
      const { body } = await manager.call('POST', '/api-keys', { name: 'k', scopes: ['agents:write'] });
      const authorization = `Bearer ${body.key as string}`;
      const agent = { name: 'Agent', model: { name: 'a-model' } };
      const ids: string[] = [];
      for (let made = 0; made < count; made += 1)
        ids.push((await manager.call('POST', '/agents', agent, { authorization })).body.id as string);
      return ids;
    };
    const [greedy, modest] = [await of(6), await of(3)];
    for (const id of [...greedy, ...modest]) await start(manager, id);

    const crew = new RunnerCrew(manager);
    await vi.waitFor(() => expect(crew.launched).toHaveLength(9), { timeout: 20_000 });
    await crew.close();

    const who = crew.launched.map((id) => (greedy.includes(id) ? 'greedy' : 'modest'));
    expect(who.slice(0, 6)).toEqual(['greedy', 'modest', 'greedy', 'modest', 'greedy', 'modest']);
    expect(crew.launched.filter((id) => greedy.includes(id))).toEqual(greedy);
    expect(crew.launched.filter((id) => modest.includes(id))).toEqual(modest);
  });

  it('is left at once by agents that are stopped, disabled or deleted, with a launcher that does not answer', async () => {
    const manager = await managerWith({ STOP_GRACE_SECONDS: '30' });
    const [, stopped, disabled, deleted, last] = (await queued(manager, 5)) as string[];
    manager.launcher.unavailable = true;

    expect((await manager.call('POST', `/agents/${stopped}/stop`)).body).toMatchObject({
      state: 'stopped',
      queue_position: null,
    });
    expect(
      (await manager.call('PATCH', `/agents/${disabled}`, { enabled: false })).body.status,
    ).toMatchObject({
      state: 'stopped',
      queue_position: null,
    });
    expect((await manager.call('DELETE', `/agents/${deleted}`)).status).toBe(204);
    expect(await places(manager, [last!])).toEqual([1]);
  });

  it('counts under a lock: a place that another manager is giving away is not given twice', async () => {
    const manager = await managerWith();
    const [theirs, ours] = [await manager.agent(), await manager.agent()];
    const other = manager.database.createQueryRunner();
    await other.startTransaction();
    await other.query('SELECT pg_advisory_xact_lock($1)', [ADMISSION_LOCK]);
    await other.query(
      `INSERT INTO instances (id, agent_id, generation, state, deadline, launched_at)
       VALUES ('inst-theirs', $1, 1, 'starting', now() + interval '1 minute', now())`,
      [theirs],
    );

    const asked = start(manager, ours);
    await vi.waitFor(async () => expect(await places(manager, [ours])).toEqual([1]));
    await other.commitTransaction();
    await other.release();

    expect((await asked).body).toMatchObject({ state: 'starting', queue_position: 1 });
    expect(await places(manager, [theirs, ours])).toEqual([null, 1]);
  });

  it('does not hold up, nor count, agents that a person runs', async () => {
    const manager = await managerWith();
    const [by_hand, started, waiting] = await Promise.all([
      manager.agent(),
      manager.agent(),
      manager.agent(),
    ]);
    const grant = (agent_id: string) =>
      manager.internal('POST', '/internal/instances', { agent_id }, manager.key);
    expect((await grant(by_hand)).status).toBe(201);
    await start(manager, started);
    await start(manager, waiting);
    expect(await places(manager, [by_hand, started, waiting])).toEqual([null, null, 1]);

    expect((await grant(waiting)).status).toBe(201);
    expect(await places(manager, [waiting])).toEqual([null]);
  });

  it('fails a start whose turn does not come in time, and names the settings to raise', async () => {
    const manager = await managerWith({ START_QUEUE_SECONDS: '1' });
    const [, waiting] = await queued(manager, 2);
    await manager.untilState(waiting, 'failed');
    expect(await status(manager, waiting)).toMatchObject({
      reason: 'start_failed',
      detail: expect.stringMatching(
        /1 s .*STARTING_AGENTS_MAX.*RUNNING_AGENTS_MAX.*START_QUEUE_SECONDS/,
      ) as string,
      queue_position: null,
    });
  });

  it('does not hide the logs of the instance that ran before', async () => {
    const manager = await managerWith();
    const agent = await manager.agent();
    await start(manager, agent);
    const runner = await manager.runner(agent);
    const { instance_id } = runner.identity;
    manager.launcher.instance(instance_id).log('why it fell');
    manager.launcher.instance(instance_id).exit(1);
    await manager.untilState(agent, 'failed');
    await queued(manager, 1);
    await start(manager, agent);
    expect(await places(manager, [agent])).toEqual([1]);

    const { body } = await manager.call('GET', `/agents/${agent}/logs`);
    expect(body).toEqual({ instance_id, lines: ['why it fell'] });
    runner.close();
  });

  it('goes on at another manager: what was let in and never launched fails, the next has its turn', async () => {
    const second = await managerWith({ START_DEADLINE_SECONDS: '2' });
    const first = await second.join();
    vi.spyOn(first.manager.app.get(InstanceLaunching), 'launchInBackground').mockImplementation(
      () => undefined,
    );
    const [let_in, waiting] = await queued(first, 2);
    expect(await places(second, [let_in, waiting])).toEqual([null, 1]);
    await first.stop();

    await second.untilState(let_in, 'failed');
    expect(await status(second, let_in)).toMatchObject({ reason: 'start_failed' });
    const runner = await second.runner(waiting);
    expect(await second.state(waiting)).toBe('running');
    runner.close();
  });
});
