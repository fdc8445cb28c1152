import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

const tool = {
  type: 'http_request',
  name: 'find_order',
  description: 'Finds an order.',
  url: 'https://shop.example/orders',
};

describe('trying a tool', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  const attempt = (id: string, { name = 'find_order', body = {}, wait = 10, key = manager.key } = {}) =>
    manager.call(
      'POST',
      `/agents/${id}/tools/${name}/test?wait=${wait}`,
      { arguments: {}, ...body },
      {
        authorization: `Bearer ${key}`,
      },
    );
  const keyWith = async (...scopes: string[]) =>
    (await manager.call('POST', '/api-keys', { name: 'k', scopes })).body.key as string;
  const running = async () => {
    const id = await manager.agent({ tools: [tool] });
    await manager.call('POST', `/agents/${id}/start`);
    return { id, runner: await manager.runner(id) };
  };

  it('starts the agent when it sleeps, passes the call on once, and gives back what came of it', async () => {
    const id = await manager.agent({ tools: [tool] });
    const answered = attempt(id, {
      body: { arguments: { a: 1 }, user_id: 'ada', user_data: { phone_number: '1' } },
    });
    const runner = await manager.runner(id);
    const asked = await runner.triedTools(() =>
      Promise.resolve({ outcome: 'called', ok: false, content: 'HTTP 404', ms: 7 }),
    );
    expect(await answered).toMatchObject({ status: 200, body: { ok: false, content: 'HTTP 404', ms: 7 } });
    expect(asked).toMatchObject([
      {
        version: 1,
        tool: 'find_order',
        arguments: { a: 1 },
        user_id: 'ada',
        user_data: { phone_number: '1' },
      },
    ]);
    runner.close();
  });

  it('tells that no answer came in time, and does not call again', async () => {
    const { id, runner } = await running();
    const asked = await runner.triedTools(() => Promise.resolve(null));
    const { body } = await attempt(id, { wait: 1 });
    expect(body).toMatchObject({
      status: 504,
      code: 'tool_timeout',
      detail: expect.stringContaining('?wait='),
    });
    expect(asked).toHaveLength(1);
    runner.close();
  });

  it('knows no tool that the agent does not have, and starts nothing for one', async () => {
    const id = await manager.agent({ tools: [tool] });
    expect((await attempt(id, { name: 'shell' })).body).toMatchObject({
      status: 404,
      code: 'tool_not_found',
    });
    expect(await manager.state(id)).toBe('stopped');
    expect((await attempt('agent_none_aaaa')).body).toMatchObject({ code: 'agent_not_found' });
  });

  it('names the tools there are when the runner does not know it', async () => {
    const { id, runner } = await running();
    await runner.triedTools(() => Promise.resolve({ outcome: 'unknown_tool', known: ['find_order_a'] }));
    expect((await attempt(id, { name: 'find_order_b' })).body).toMatchObject({
      code: 'tool_not_found',
      detail: expect.stringContaining('find_order_a'),
    });
    runner.close();
  });

  it('is refused while the runner tries as many as it may', async () => {
    const { id, runner } = await running();
    await runner.triedTools(() => Promise.resolve({ outcome: 'busy' }));
    expect((await attempt(id)).body).toMatchObject({ status: 429, code: 'too_many_requests' });
    runner.close();
  });

  it('needs agents:write, and users:assert to name a user', async () => {
    const { id, runner } = await running();
    await runner.triedTools(() => Promise.resolve({ outcome: 'called', ok: true, content: '', ms: 1 }));
    const [reads, writes, asserts] = await Promise.all([
      keyWith('agents:read', 'agents:run'),
      keyWith('agents:write'),
      keyWith('agents:write', 'users:assert'),
    ]);
    expect(await attempt(id, { key: reads })).toMatchObject({ status: 403 });
    expect(await attempt(id, { key: writes })).toMatchObject({ status: 200 });
    for (const body of [{ user_id: 'ada' }, { user_data: { phone_number: '1' } }]) {
      expect(await attempt(id, { key: writes, body })).toMatchObject({ status: 403 });
      expect(await attempt(id, { key: asserts, body })).toMatchObject({ status: 200 });
    }
    runner.close();
  });

  it('is refused for an agent that is disabled', async () => {
    const id = await manager.agent({ tools: [tool], enabled: false });
    expect((await attempt(id)).body).toMatchObject({ status: 409, code: 'agent_disabled' });
  });
});
