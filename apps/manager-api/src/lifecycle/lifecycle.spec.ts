import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { InstanceAccess } from '@roost/messaging';
import { ManagerHarness } from '../test/manager.harness';

describe('the lifecycle of an agent', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start({
      START_DEADLINE_SECONDS: '20',
      AGENT_INACTIVITY_CHECK_INTERVAL: '1',
      STOP_GRACE_SECONDS: '1',
    });
  });
  afterAll(() => manager.stop());

  const status = async (id: string) =>
    (await manager.call('GET', `/agents/${id}/status`)).body as Record<string, unknown>;
  const started = async (overrides: Record<string, unknown> = {}) => {
    const id = await manager.agent(overrides);
    await manager.call('POST', `/agents/${id}/start`);
    return { id, runner: await manager.runner(id) };
  };

  it('goes from stopped over starting and initializing to running, and back', async () => {
    const id = await manager.agent();
    expect((await manager.call('POST', `/agents/${id}/start`)).body).toMatchObject({
      state: 'starting',
      generation: 1,
    });
    const runner = await manager.runner(id);
    expect(await status(id)).toMatchObject({ state: 'running', generation: 1, running_version: 1 });
    expect((await manager.call('POST', `/agents/${id}/stop`)).body.state).toMatch(/stopping|stopped/);
    await manager.untilState(id, 'stopped');
    await vi.waitFor(async () =>
      expect((await manager.launcher.list()).filter(({ agent_id }) => agent_id === id)).toEqual([]),
    );
    runner.close();
  });

  it('starts one instance, however many ask at once', async () => {
    const id = await manager.agent();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => manager.call('POST', `/agents/${id}/start`)),
    );
    expect(answers.every((answer) => answer.status === 200 && answer.body.generation === 1)).toBe(true);
    await manager.runner(id);
    expect((await manager.launcher.list()).filter(({ agent_id }) => agent_id === id)).toHaveLength(1);
  });

  it('waits with the caller until the agent runs', async () => {
    const id = await manager.agent();
    const waiting = manager.call('POST', `/agents/${id}/start?wait=10`);
    await manager.runner(id);
    expect((await waiting).body).toMatchObject({ state: 'running' });
  });

  it('lets a code be exchanged once, by its own instance', async () => {
    const { id, runner } = await started();
    const [seen] = (await manager.launcher.list()).filter(({ agent_id }) => agent_id === id);
    const { env } = manager.launcher.instance(seen!.instance_id).spec;
    const again = { agent_id: id, instance_id: seen!.instance_id, code: env['EXCHANGE_CODE'] };
    expect((await manager.internal('POST', '/internal/instances/exchange', again, 'none')).status).toBe(401);
    runner.close();
  });

  it('names a launch that is refused, and what to do', async () => {
    const id = await manager.agent();
    manager.launcher.launch_fault = {
      kind: 'refuse',
      message: 'No image; build it with: docker compose build agent-runner-image',
    };
    const { body } = await manager.call('POST', `/agents/${id}/start?wait=5`);
    manager.launcher.launch_fault = null;
    expect(body).toMatchObject({
      state: 'failed',
      reason: 'start_failed',
      detail: expect.stringContaining('docker compose build') as string,
    });
  });

  it('names a configuration that cannot be run, such as one whose secret another key sealed', async () => {
    const id = await manager.agent({
      model: { name: 'm', base_url: 'https://models.example/v1', api_key: 'sk-x' },
    });
    await manager.database.query(
      "UPDATE agent_versions SET model_api_key = replace(model_api_key, 'v1.', 'v1.0') WHERE agent_id = $1",
      [id],
    );
    const { body } = await manager.call('POST', `/agents/${id}/start?wait=5`);
    expect(body).toMatchObject({
      state: 'failed',
      reason: 'config_invalid',
      detail: expect.stringContaining('SECRETS_KEY') as string,
    });
  });

  it.each([
    ['a lost process', { exit_code: 137, oom_killed: false }, 'process_lost'],
    ['a runner out of memory', { exit_code: 137, oom_killed: true }, 'oom_killed'],
  ])('names %s', async (_name, { exit_code, oom_killed }, reason) => {
    const { id, runner } = await started();
    manager.launcher.instance(runner.identity.instance_id).exit(exit_code, { oom_killed });
    await manager.untilState(id, 'failed');
    expect(await status(id)).toMatchObject({ reason });
    runner.close();
  });

  it('answers what a lost instance owed by the next one', async () => {
    const { id, runner } = await started();
    const { body } = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    manager.launcher.instance(runner.identity.instance_id).exit(1);
    const next = await vi.waitFor(
      async () => {
        const joined = await manager.runner(id);
        if (joined.identity.generation === runner.identity.generation) throw new Error('still the old one');
        return joined;
      },
      { timeout: 15_000 },
    );
    expect(await next.next()).toMatchObject({ message_id: body.message_id });
    runner.close();
    next.close();
  });

  it('calls a third failure in a row a crash loop, fails what is owed, and is not woken by messages', async () => {
    const id = await manager.agent();
    const { body } = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    for (let failure = 1; failure <= 3; failure += 1) {
      const [seen] = await vi.waitFor(
        async () => {
          const live = (await manager.launcher.list()).filter(
            ({ agent_id, state }) => agent_id === id && state === 'running',
          );
          if (live.length === 0) throw new Error('not launched yet');
          return live;
        },
        { timeout: 15_000, interval: 20 },
      );
      manager.launcher.instance(seen!.instance_id).exit(1);
    }
    await vi.waitFor(
      async () => expect(await status(id)).toMatchObject({ state: 'failed', reason: 'crash_loop' }),
      { timeout: 5_000 },
    );
    await vi.waitFor(async () =>
      expect((await manager.call('GET', `/threads/${body.thread_id}/messages`)).body.items).toMatchObject([
        { status: 'failed', error_code: 'agent_failed' },
      ]),
    );
  });

  it('puts an idle agent to sleep, never one that owes an answer', async () => {
    const { id, runner } = await started({ inactivity_timeout: 1 });
    const { body } = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    const entry = await runner.next();
    const began = Date.now();
    await vi.waitUntil(() => Date.now() - began > 2_500, { timeout: 5_000 });
    expect(await manager.state(id)).toBe('running');

    await runner.report(entry, 'done at last');
    await manager.untilState(id, 'stopped');
    expect((await manager.call('GET', `/threads/${body.thread_id}/messages`)).body.items).toHaveLength(2);
    runner.close();
  });

  it('loses no message when idle stops and messages race', async () => {
    const { id, runner } = await started({ inactivity_timeout: 1 });
    runner.close();
    const sent = await Promise.all(
      Array.from({ length: 40 }, async (_unused, index) => {
        const [answer] = await Promise.all([
          manager.call('POST', `/agents/${id}/messages`, { content: `m${index}` }),
          index % 4 === 0 ? manager.call('POST', `/agents/${id}/stop`) : undefined,
        ]);
        return answer.body.message_id as string;
      }),
    );
    const answered = new Set<string>();
    await vi.waitFor(
      async () => {
        const current = await manager.runner(id).catch(() => undefined);
        if (current) {
          for (;;) {
            const entry = await Promise.race([
              current.next().catch(() => undefined),
              new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 300)),
            ]);
            if (!entry) break;
            await current.report(entry, 'answered');
            answered.add(entry.message_id);
          }
        }
        const left = await manager.database.query<unknown[]>(
          "SELECT id FROM messages WHERE agent_id = $1 AND status = 'accepted'",
          [id],
        );
        if (left.length > 0) throw new Error(`${left.length} not answered`);
      },
      { timeout: 25_000, interval: 100 },
    );
    const replies = await manager.database.query<{ in_reply_to: string }[]>(
      "SELECT in_reply_to FROM messages WHERE agent_id = $1 AND role = 'assistant'",
      [id],
    );
    expect(replies.map((row) => row.in_reply_to).sort()).toEqual([...sent].sort());
  });

  it('does not start again for what a forced stop has dropped', async () => {
    const { id, runner } = await started();
    const { body } = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    await manager.call('POST', `/agents/${id}/stop?force=true`);
    await manager.untilState(id, 'stopped');
    expect((await manager.call('GET', `/threads/${body.thread_id}/messages`)).body.items).toMatchObject([
      { status: 'failed', error_code: 'run_lost' },
    ]);
    expect((await status(id))['generation']).toBe(1);
    runner.close();
  });

  it('does not spend a code on an exchange that failed on our side', async () => {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    const env = await manager.environment(id);
    const exchange = () =>
      manager.internal(
        'POST',
        '/internal/instances/exchange',
        { agent_id: id, instance_id: env.INSTANCE_ID, code: env.EXCHANGE_CODE },
        'none',
      );
    const grant = vi
      .spyOn(InstanceAccess.prototype, 'grant')
      .mockRejectedValueOnce(new Error('Command timed out'));
    const [failed, repeated, again] = [await exchange(), await exchange(), await exchange()];
    grant.mockRestore();
    expect([failed.status, repeated.status, again.status]).toEqual([503, 200, 401]);
  });

  it('stops an agent that was disabled by a manager that died before it stopped it', async () => {
    const { id, runner } = await started();
    await manager.database.query('UPDATE agents SET enabled = false WHERE id = $1', [id]);
    await manager.untilState(id, 'stopped');
    runner.close();
  });

  it('removes what carries our label and belongs to nobody', async () => {
    const stray = {
      instance_id: 'inst-stray00000000000000',
      agent_id: 'agent_gone_aaaa',
      generation: 1,
      limits: { memory_mb: 128, cpus: 1, pids: 64 },
      env: {},
    };
    await manager.launcher.launch(stray);
    await vi.waitFor(
      async () =>
        expect((await manager.launcher.list()).map(({ instance_id }) => instance_id)).not.toContain(
          stray.instance_id,
        ),
      { timeout: 5_000 },
    );
  });

  it('does not take a platform that is away for instances that are gone', async () => {
    const { id, runner } = await started();
    manager.launcher.unavailable = true;
    const began = Date.now();
    await vi.waitUntil(() => Date.now() - began > 600, { timeout: 2_000 });
    expect(await manager.state(id)).toBe('running');
    manager.launcher.unavailable = false;
    runner.close();
  });

  it('lets a person run an agent by hand, in a generation of its own', async () => {
    const { id, runner } = await started();
    const granted = await manager.internal('POST', '/internal/instances', { agent_id: id }, manager.key);
    expect(granted.body).toMatchObject({ generation: 2 });
    const { instance_id, code } = granted.body as { instance_id: string; code: string };
    const exchanged = await manager.internal(
      'POST',
      '/internal/instances/exchange',
      { agent_id: id, instance_id, code },
      'none',
    );
    expect(exchanged.status).toBe(200);
    await manager.internal('POST', '/internal/instances/ready', undefined, exchanged.body.token as string);
    await manager.untilState(id, 'running');
    runner.close();
  });
});
