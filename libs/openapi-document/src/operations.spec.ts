import { describe, expect, it } from 'vitest';
import { readOperations, serverOf } from './index';

const document = (operation: object, more: object = {}) => ({
  openapi: '3.0.3',
  servers: [{ url: 'https://{region}.shop.example/api', variables: { region: { default: 'eu' } } }],
  paths: { '/orders/{id}': { post: { operationId: 'change', ...operation } } },
  ...more,
});
const path_id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
const read = (operation: object, more: object = {}) =>
  readOperations(document(operation, more), ['change'], false)[0];
const body = (schema: object) => ({ requestBody: { content: { 'application/json': { schema } } } });

describe('operations of an OpenAPI document', () => {
  it('become one object of arguments, named apart where names are shared', () => {
    const operation = read({
      summary: 'Changes an order.',
      parameters: [
        { ...path_id, description: 'Which one.' },
        { name: 'id', in: 'query', schema: { type: 'string' } },
        { name: 'filter[a]', in: 'query', schema: { type: 'array' } },
      ],
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
    });
    expect(operation).toMatchObject({
      method: 'POST',
      path: '/orders/{id}',
      description: 'Changes an order.',
      parameters: {
        type: 'object',
        properties: {
          path_id: { type: 'integer', description: 'Which one.' },
          query_id: { type: 'string' },
          filter_a_: { type: 'array' },
          body: { type: 'object' },
        },
        required: ['path_id', 'body'],
        additionalProperties: false,
      },
    });
  });

  it('have their references written out, cut off where a schema holds itself', () => {
    const node = { type: 'object', properties: { child: { $ref: '#/components/schemas/Node' } } };
    const operation = read(
      {
        parameters: [{ $ref: '#/components/parameters/Id' }],
        ...body({ $ref: '#/components/schemas/Node' }),
      },
      { components: { schemas: { Node: node }, parameters: { Id: path_id } } },
    );
    expect(operation?.parameters).toMatchObject({
      properties: { id: { type: 'integer' }, body: { type: 'object', properties: { child: {} } } },
    });
    expect(JSON.stringify(operation)).not.toContain('$ref');
  });

  it('speak JSON Schema, whatever OpenAPI 3.0 says otherwise', () => {
    const operation = read({
      parameters: [path_id],
      ...body({
        type: 'object',
        required: ['id', 'name'],
        properties: {
          id: { type: 'string', readOnly: true },
          name: { type: 'string', nullable: true, enum: ['a'], example: 'a', xml: {} },
          price: { type: 'number', minimum: 0, exclusiveMinimum: true },
          code: { type: 'string', pattern: '(?i)x' },
        },
      }),
    });
    expect(operation?.parameters).toMatchObject({
      properties: {
        body: {
          required: ['name'],
          properties: {
            name: { type: ['string', 'null'], enum: ['a', null] },
            price: { type: 'number', exclusiveMinimum: 0 },
            code: { type: 'string' },
          },
        },
      },
    });
    expect(JSON.stringify(operation)).not.toMatch(/readOnly|xml|example|\(\?i\)/);
  });

  it('let the model set no header that is the service’s or a credential', () => {
    const header = (name: string) => ({ name, in: 'header', schema: {} });
    const names = ['Host', 'Authorization', 'Cookie', 'X-Forwarded-For', 'Content-Length', 'X-Trace'];
    const operation = read({ parameters: [path_id, ...names.map(header), { name: 'sid', in: 'cookie' }] });
    expect(operation?.arguments.map(({ name }) => name)).toEqual(['id', 'X-Trace']);
  });

  const bomb = Object.fromEntries(
    [...Array(30).keys()].map((level) => {
      const $ref = `#/components/schemas/s${level + 1}`;
      return [`s${level}`, { type: 'object', properties: { a: { $ref }, b: { $ref } } }];
    }),
  );
  it.each<[string, object, object, RegExp]>([
    ['refers outside', body({ $ref: 'https://evil.example/x.json' }), {}, /outside the document/],
    ['refers to a file', body({ $ref: '/etc/passwd' }), {}, /outside the document/],
    ['refers to nothing', body({ $ref: '#/nowhere' }), {}, /not in the document/],
    [
      'refers in a circle',
      body({ $ref: '#/components/schemas/A' }),
      { components: { schemas: { A: { $ref: '#/components/schemas/A' } } } },
      /itself/,
    ],
    [
      'makes much of little',
      body({ $ref: '#/components/schemas/s0' }),
      { components: { schemas: { ...bomb, s30: {} } } },
      /choose fewer/,
    ],
    ['is too large', body({ description: 'x'.repeat(40_000) }), {}, /more than 32768 bytes/],
    ['takes no JSON', { requestBody: { required: true, content: { 'text/csv': {} } } }, {}, /takes no JSON/],
    ['has servers of its own', { servers: [{ url: 'https://evil.example' }] }, {}, /give server_url/],
    [
      'has a style nobody knows',
      { parameters: [path_id, { name: 'a', in: 'query', style: 'x' }] },
      {},
      /style x/,
    ],
  ])('are refused, naming why, when one %s', (_what, operation, more, message) => {
    expect(() => read({ parameters: [path_id], ...operation }, more)).toThrow(message);
  });

  it('are refused when there is none of that name, when a path could be a host, or in another format', () => {
    expect(() => readOperations(document({ parameters: [path_id] }), ['none'], false)).toThrow(
      /there are: change/,
    );
    const elsewhere = { openapi: '3.1.0', paths: { '@evil.example/': { get: { operationId: 'a' } } } };
    expect(() => readOperations(elsewhere, ['a'], true)).toThrow(/begin with \//);
    expect(() => readOperations({ swagger: '2.0' }, ['a'], true)).toThrow(/OpenAPI 3/);
    expect(() => read({})).toThrow(/\{id\}/);
  });
});

describe("a document's server", () => {
  it('is the first, with the defaults of its variables, and relative to where the document came from', () => {
    expect(serverOf(document({}), null)).toBe('https://eu.shop.example/api');
    expect(serverOf({ servers: [{ url: '/v2' }] }, 'https://shop.example/openapi.json')).toBe(
      'https://shop.example/v2',
    );
  });

  it.each([
    [{}],
    [{ servers: [{ url: '/v2' }] }],
    [{ servers: [{ url: 'file:///etc' }] }],
    [{ servers: [{ url: 'https://a:b@x.example' }] }],
  ])('must be reached over HTTP by itself: %j', (without) => {
    expect(() => serverOf(without, null)).toThrow(/server_url/);
  });
});
