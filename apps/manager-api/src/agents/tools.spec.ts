import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

const tool = {
  type: 'http_request',
  name: 'find_order',
  description: 'Finds an order.',
  url: 'https://shop.example/orders/{order_id}',
  parameters: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
};
const withTools = (...tools: unknown[]) => ({ name: 'x', model: { name: 'm' }, tools });

describe('tools of an agent', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  it('are stored with their defaults, and replaced whole by a patch', async () => {
    const created = await manager.call('POST', '/agents', withTools(tool));
    expect(created.body).toMatchObject({
      tools: [
        {
          ...tool,
          method: 'GET',
          headers: {},
          query: {},
          body: null,
          timeout_s: 20,
          retries: 2,
          response_bytes_max: 65_536,
          idempotency_header: 'Idempotency-Key',
        },
      ],
      limits: { steps_per_run: 12, tool_calls_per_run: 40 },
    });
    const path = `/agents/${created.body.id}`;
    expect((await manager.call('GET', path)).body).toEqual(created.body);
    const changed = await manager.call('PATCH', path, { tools: [{ ...tool, name: 'other' }] });
    expect(changed.body.tools).toMatchObject([{ name: 'other', method: 'GET' }]);
    expect((await manager.call('PATCH', path, { tools: [] })).body.tools).toEqual([]);
  });

  it('of versions stored before there were any are read and changed as others', async () => {
    const id = await manager.agent();
    await manager.database.query(
      `UPDATE agent_versions SET configuration = configuration #- '{limits,steps_per_run}' #- '{limits,tool_calls_per_run}'
       WHERE agent_id = $1`,
      [id],
    );
    expect((await manager.call('GET', `/agents/${id}`)).body).toMatchObject({ tools: [] });
    const changed = await manager.call('PATCH', `/agents/${id}`, { tools: [tool] });
    expect(changed.body).toMatchObject({ version: 2, limits: { steps_per_run: 12 } });
  });

  it.each<[string, unknown[], string, RegExp]>([
    ['of an unknown type', [{ ...tool, type: 'shell' }], 'tools.0.type', /http_request/],
    ['without a type', [{ name: 'x' }], 'tools.0.type', /http_request/],
    ['that is null', [null], 'tools.0', /object/],
    ['that is a text', ['curl'], 'tools.0', /object/],
    ['with an unknown property', [{ ...tool, image: 'x' }], 'tools.0.image', /should not exist/],
    ['with a name no model takes', [{ ...tool, name: 'find order' }], 'tools.0.name', /letters/],
    ['with the name of another', [tool, tool], 'tools', /another/],
    ['whose model chooses the host', [{ ...tool, url: 'https://{order_id}/x' }], 'tools.0.url', /host/],
    ['with a credential in the URL', [{ ...tool, url: 'https://a:b@shop.example/' }], 'tools.0.url', /host/],
    ['with another scheme', [{ ...tool, url: 'file:///etc/passwd' }], 'tools.0.url', /https/],
    ['with a placeholder of no argument', [{ ...tool, query: { a: '{b}' } }], 'tools.0.query', /\{b\}/],
    ['that sets the host', [{ ...tool, headers: { Host: 'x' } }], 'tools.0.headers', /leave it out/],
    ['that smuggles a header', [{ ...tool, headers: { a: 'b\r\nc: d' } }], 'tools.0.headers', /printable/],
    ['with headers that are a list', [{ ...tool, headers: [] }], 'tools.0.headers', /object/],
    [
      'whose parameters are no schema',
      [{ ...tool, parameters: { ...tool.parameters, required: 'order_id' } }],
      'tools.0.parameters',
      /required must be array/,
    ],
    [
      'whose arguments are no object',
      [{ ...tool, parameters: { type: 'string' } }],
      'tools.0.parameters',
      /type object/,
    ],
    [
      'whose schema lies elsewhere',
      [{ ...tool, parameters: { ...tool.parameters, $ref: 'https://evil.example' } }],
      'tools.0.parameters',
      /\$ref/,
    ],
    [
      'whose schema is too large',
      [{ ...tool, parameters: { ...tool.parameters, title: 'x'.repeat(20_000) } }],
      'tools.0.parameters',
      /16384 bytes/,
    ],
    ['that may wait for ever', [{ ...tool, timeout_s: 100_000 }], 'tools.0.timeout_s', /120/],
  ])('are refused %s, naming the field', async (_what, tools, field, message) => {
    const { status, body } = await manager.call('POST', '/agents', withTools(...tools));
    expect(status).toBe(400);
    const errors = body.errors.filter((error: { field: string }) => error.field === field);
    expect(JSON.stringify(errors.length > 0 ? errors : body)).toMatch(message);
    expect(errors).not.toEqual([]);
  });

  it('reach private hosts only where the operator says so', async () => {
    const refused = await manager.call('POST', '/agents', {
      ...withTools(tool),
      outbound: { allowed_hosts: ['127.0.0.1'] },
    });
    expect(refused.body).toMatchObject({ code: 'validation_failed' });
  });

  it('of every type are stored with their defaults', async () => {
    const { status, body } = await manager.call(
      'POST',
      '/agents',
      withTools(
        { type: 'mcp', name: 'shop', url: 'https://shop.example/mcp', allowed_tools: ['find'] },
        { type: 'web_search' },
        { type: 'user_info' },
        { type: 'request_authorization' },
        { type: 'handoff', name: 'ask', description: 'Asks.', agent_id: 'agent_other_a1b2' },
      ),
    );
    expect(status).toBe(201);
    expect(body.tools).toMatchObject([
      { description: '', headers: {}, timeout_s: 30, response_bytes_max: 65_536 },
      { name: 'web_search', limit: 5, include_domains: [], exclude_domains: [] },
      { name: 'user_info', description: expect.any(String) },
      { name: 'request_authorization', fields: ['phone_number'], message: expect.any(String) },
      { timeout_s: 120 },
    ]);
  });

  it.each([
    [{ type: 'mcp', name: 'shop', url: 'https://shop.example/mcp' }, 'allowed_tools'],
    [{ type: 'mcp', name: 'shop', url: 'https://shop.example/mcp', allowed_tools: [] }, 'allowed_tools'],
    [{ type: 'mcp', name: 'shop', url: 'stdio:ls', allowed_tools: ['find'] }, 'url'],
    [
      {
        ...{ type: 'mcp', name: 'shop', url: 'https://shop.example/mcp', allowed_tools: ['find'] },
        headers: { 'Mcp-Session-Id': '1' },
      },
      'headers',
    ],
    [{ type: 'web_search', limit: 11 }, 'limit'],
    [{ type: 'web_search', include_domains: ['https://tea.example/'] }, 'include_domains'],
    [{ type: 'request_authorization', fields: [] }, 'fields'],
    [{ type: 'handoff', name: 'ask', description: 'Asks.', agent_id: '../other' }, 'agent_id'],
  ])('that reach elsewhere are refused with a wrong field: %j', async (wrong, field) => {
    const { status, body } = await manager.call('POST', '/agents', withTools(wrong));
    expect([status, body.errors[0].field]).toEqual([400, `tools.0.${field}`]);
  });
});
