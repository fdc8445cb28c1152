import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../agent-input';

const document = {
  openapi: '3.1.0',
  servers: [{ url: 'https://shop.example/api' }],
  paths: { '/orders': { get: { operationId: 'listOrders' }, post: { operationId: 'list.Orders' } } },
};
const tool = (changes: object = {}) => ({
  type: 'openapi',
  name: 'shop',
  document,
  operations: ['listOrders'],
  ...changes,
});
const read = (...tools: object[]) => readConfiguration({ name: 'x', model: { name: 'm' }, tools });

describe('a tool of an OpenAPI document', () => {
  it('is stored as it was written, with its defaults', async () => {
    const { configuration } = await read(tool());
    expect(configuration.tools).toEqual([
      {
        ...tool(),
        description: '',
        url: null,
        server_url: null,
        headers: {},
        timeout_s: 20,
        retries: 2,
        response_bytes_max: 65_536,
        idempotency_header: 'Idempotency-Key',
        requires_approval: false,
      },
    ]);
  });

  it('may lie at a URL, which the runner reads', async () => {
    await expect(read(tool({ document: null, url: 'https://shop.example/api.yaml' }))).resolves.toBeDefined();
  });

  const secret = { headers: { authorization: '{secret.shop_token}' } };
  it.each<[string, object, string, RegExp]>([
    ['without a document', { document: null }, 'document', /or else url/],
    ['with two', { url: 'https://shop.example/api.yaml' }, 'document', /not both/],
    ['without an operation', { operations: [] }, 'operations', /at least one/],
    [
      'with one there is not',
      { operations: ['drop'] },
      'document',
      /no operation drop; there are: listOrders/,
    ],
    [
      'with two of one name',
      { operations: ['list.Orders', 'list_Orders'] },
      'operations',
      /shop_list_Orders/,
    ],
    ['that names no server', { document: { ...document, servers: [] } }, 'document', /server_url/],
    ['too large', { document: { ...document, x: 'x'.repeat(300_000) } }, 'document', /262144 bytes/],
    ['whose model fills a header', { headers: { a: '{b}' } }, 'headers', /fills no headers/],
    [
      'that sends a secret where a foreign document says',
      { document: null, url: 'https://shop.example/api.yaml', ...secret },
      'headers',
      /the host they go to is written/,
    ],
  ])('is refused %s, naming the field', async (_what, changes, field, message) => {
    await expect(read(tool(changes))).rejects.toMatchObject({
      code: 'validation_failed',
      extras: {
        errors: expect.arrayContaining([
          { field: `tools.0.${field}`, message: expect.stringMatching(message) },
        ]),
      },
    });
  });
});
