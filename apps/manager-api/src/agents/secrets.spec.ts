import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

const token = 'tok-canary-0123456789';
const tool = (changes: object = {}) => ({
  type: 'http_request',
  name: 'find_order',
  description: 'Finds an order.',
  url: 'https://shop.example/orders',
  headers: { authorization: 'Bearer {secret.shop_token}' },
  ...changes,
});
const withTool = (changes: object = {}) => ({
  name: 'x',
  model: { name: 'm' },
  tools: [tool(changes)],
  secrets: { shop_token: token },
});

describe('secrets of an agent', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  const create = async (body: object = withTool()) => {
    const created = await manager.call('POST', '/agents', body);
    expect(created.body).toMatchObject({ version: 1 });
    return created.body.id as string;
  };
  const patch = (id: string, body: object) => manager.call('PATCH', `/agents/${id}`, body);
  /** What its runner is given. */
  const given = async (id: string) => {
    await manager.call('POST', `/agents/${id}/start`);
    const runner = await manager.runner(id);
    runner.close();
    return runner.identity.configuration.secrets;
  };

  it('are named, never returned, and sealed where they are kept', async () => {
    const id = await create();
    const { body } = await manager.call('GET', `/agents/${id}`);
    const { body: versions } = await manager.call('GET', `/agents/${id}/versions`);
    expect(body).toMatchObject({ secret_names: ['shop_token'] });
    expect(body).not.toHaveProperty('secrets');
    expect(versions.items).toMatchObject([{ secret_names: ['shop_token'] }]);
    expect(JSON.stringify([body, versions])).not.toContain('canary');
    const [row] = await manager.database.query<object[]>(
      'SELECT row_to_json(v)::text AS text FROM agent_versions v WHERE agent_id = $1',
      [id],
    );
    expect(JSON.stringify(row)).toContain('shop_token');
    expect(JSON.stringify(row)).not.toContain('canary');
  });

  it("reach the agent's own runner in clear", async () => {
    expect(await given(await create())).toEqual({ shop_token: token });
  });

  it('are added, replaced and removed by name, and kept through other changes', async () => {
    const id = await create({ ...withTool(), tools: [] });
    await patch(id, { secrets: { other_token: 'other-0123456' } });
    await patch(id, { name: 'renamed' });
    const changed = await patch(id, { secrets: { shop_token: 'tok-new-0123456' } });
    expect(changed.body).toMatchObject({ secret_names: ['other_token', 'shop_token'] });
    const removed = await patch(id, { secrets: { other_token: null } });
    expect(removed.body).toMatchObject({ secret_names: ['shop_token'] });
    expect(await given(id)).toEqual({ shop_token: 'tok-new-0123456' });
  });

  it('come back with the version that is restored', async () => {
    const id = await create();
    await patch(id, { tools: [], secrets: { shop_token: null } });
    const restored = await manager.call('POST', `/agents/${id}/versions/1/restore`);
    expect(restored.body).toMatchObject({ version: 3, secret_names: ['shop_token'] });
    expect(await given(id)).toEqual({ shop_token: token });
  });

  it('cannot be moved to another name in the database', async () => {
    const id = await create({ ...withTool(), secrets: { shop_token: token, other_token: 'other-0123456' } });
    await manager.database.query(
      `UPDATE agent_versions SET secrets = jsonb_build_object('other_token', secrets -> 'shop_token') WHERE agent_id = $1`,
      [id],
    );
    await manager.call('POST', `/agents/${id}/start`);
    await manager.untilState(id, 'failed');
  });

  it.each<[string, object]>([
    ['when the host changes', { tools: [tool({ url: 'https://thief.example/orders' })] }],
    ['when the port changes', { tools: [tool({ url: 'https://shop.example:8443/orders' })] }],
    ['when the encryption is dropped', { tools: [tool({ url: 'http://shop.example/orders' })] }],
    [
      'for a second tool of another host',
      { tools: [tool(), tool({ name: 'b', url: 'https://b.example/' })] },
    ],
  ])('are asked for again %s', async (_when, change) => {
    const id = await create();
    const refused = await patch(id, change);
    expect(refused.body).toMatchObject({
      status: 400,
      code: 'secret_required',
      errors: [{ field: 'secrets.shop_token' }],
    });
    const sent = await patch(id, { ...change, secrets: { shop_token: token } });
    expect(sent.body).toMatchObject({ version: 2 });
  });

  it('are asked for again by their first use, and by a use after all uses were taken away', async () => {
    const id = await create();
    await patch(id, { tools: [] });
    expect((await patch(id, { tools: [tool()] })).body).toMatchObject({ code: 'secret_required' });
  });

  it('stay where path, method or another tool of the same host change', async () => {
    const id = await create();
    const tools = [tool({ url: 'https://shop.example/v2', method: 'POST' }), tool({ name: 'second' })];
    expect((await patch(id, { tools })).body).toMatchObject({ version: 2 });
  });

  it.each<[string, object, string]>([
    ['that there is not', { ...withTool(), secrets: {} }, 'tools.0.headers'],
    ['in the URL', withTool({ url: 'https://shop.example/{secret.shop_token}' }), 'tools.0.url'],
    [
      'in the header that names the key',
      withTool({ idempotency_header: '{secret.shop_token}' }),
      'tools.0.idempotency_header',
    ],
    ['with a name of capitals', { ...withTool(), secrets: { Shop: token } }, 'secrets.Shop'],
    ['too short to be masked', { ...withTool(), secrets: { shop_token: 'short' } }, 'secrets.shop_token'],
    ['too long', { ...withTool(), secrets: { shop_token: 'x'.repeat(8_193) } }, 'secrets.shop_token'],
    ['that is no text', { ...withTool(), secrets: { shop_token: 12345678 } }, 'secrets.shop_token'],
    [
      'that would begin a header',
      { ...withTool(), secrets: { shop_token: `${token}\r\nx: y` } },
      'secrets.shop_token',
    ],
    [
      'beyond fifty',
      {
        ...withTool(),
        secrets: Object.fromEntries([...Array(51).keys()].map((n) => [`s${n}`, token])),
        tools: [],
      },
      'secrets',
    ],
  ])('are refused %s, quoting no value', async (_what, body, field) => {
    const answer = await manager.call('POST', '/agents', body);
    expect(answer.body).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
    expect(JSON.stringify(answer.body)).not.toMatch(/canary|12345678/);
  });

  it('are refused while a tool still uses the one to be removed', async () => {
    const refused = await patch(await create(), { secrets: { shop_token: null } });
    expect(refused.body).toMatchObject({ code: 'validation_failed', errors: [{ field: 'tools.0.headers' }] });
  });
});
