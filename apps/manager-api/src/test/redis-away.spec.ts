import { startRedis, type RedisServer } from '@roost/devstack';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from './manager.harness';

describe('a manager that begins while Redis is away', () => {
  const dir = mkdtempSync(join(tmpdir(), 'redis-away-'));
  let manager: ManagerHarness;
  let redis: RedisServer;
  let back: () => Promise<RedisServer>;
  beforeAll(async () => {
    const options = { dir, password: 'secret' };
    redis = await startRedis(options);
    const { url, port } = redis;
    await redis.stop();
    back = async () => (redis = await startRedis({ ...options, port }));
    manager = await ManagerHarness.start({ REDIS_URL: url });
  });
  afterAll(async () => {
    await manager.stop();
    await redis.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('listens, names what is away, serves what needs PostgreSQL alone, and catches up', async () => {
    expect((await manager.call('GET', '/livez')).status).toBe(200);
    expect(await manager.call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { status: 'not_ready', dependencies: { postgres: 'up', redis: 'down' } },
    });
    const id = await manager.agent();
    expect((await manager.call('GET', `/agents/${id}`)).status).toBe(200);
    const said = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    expect(said.status).toBe(202);
    expect((await manager.call('POST', `/agents/${id}/start`)).body).toMatchObject({
      code: 'dependency_unavailable',
    });
    expect(await manager.call('GET', `/agents/${id}/status`)).toMatchObject({ body: { state: 'stopped' } });

    await back();
    await expect
      .poll(async () => (await manager.call('GET', '/readyz')).status, { timeout: 10_000 })
      .toBe(200);
    const runner = await nextRunner(manager, id);
    const entry = await runner.next();
    expect(entry).toMatchObject({ message_id: said.body.message_id });
    await runner.report(entry, 'caught up');
    await expect
      .poll(async () => (await manager.call('GET', `/threads/${said.body.thread_id}/messages`)).body.items, {
        timeout: 10_000,
      })
      .toMatchObject([{ status: 'done' }, { content: 'caught up' }]);

    // A message that comes during the next outage is handed on without waiting for the sweep.
    await redis.stop();
    const during = await manager.call('POST', `/agents/${id}/messages`, { content: 'during' });
    expect(during.status).toBe(202);
    runner.close();
    manager.launcher.instance(runner.identity.instance_id).exit(66);
    await back();
    const next = await nextRunner(manager, id, runner.identity.generation);
    expect(await next.next()).toMatchObject({ message_id: during.body.message_id });
    next.close();
  });
});

/** The runner of the agent's next instance; its former one is of `generation`. */
const nextRunner = async (manager: ManagerHarness, id: string, generation = 0) => {
  await expect
    .poll(async () => (await manager.call('GET', `/agents/${id}/status`)).body as object, { timeout: 20_000 })
    .toMatchObject({ generation: generation + 1, state: 'starting' });
  return manager.runner(id);
};
