import type { OpenapiTool } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { JournalServer } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { callsThenSays, toolAnswers, toolCall } from './test/scripted.tools';

let redis: RedisProcess;
let agent: AgentFixture;
let shop: JournalServer;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  [agent, shop] = await Promise.all([AgentFixture.create(redis.url), JournalServer.start()]);
  agent.allowed_hosts = [shop.host];
  agent.secrets = { shop_token: 'tok-canary-0123456789' };
});
afterEach(async () => {
  await agent.destroy();
  await shop.stop();
});

const document = () => ({
  openapi: '3.1.0',
  servers: [{ url: `${shop.origin}/api/` }],
  paths: {
    '/orders/{id}': {
      put: {
        operationId: 'changeOrder',
        summary: 'Changes an order.',
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'tags', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
          { name: 'where', in: 'query', style: 'deepObject', schema: { type: 'object' } },
          { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
          { name: 'X-Key', in: 'header', schema: { type: 'string' } },
        ],
        requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
      },
    },
  },
});

const shopTool = (changes: Partial<OpenapiTool> = {}): OpenapiTool => ({
  type: 'openapi',
  name: 'shop',
  description: 'Our shop.',
  document: document(),
  url: null,
  operations: ['changeOrder'],
  server_url: null,
  headers: { 'x-key': '{secret.shop_token}', 'x-user': '{user.id}' },
  timeout_s: 20,
  retries: 0,
  response_bytes_max: 65_536,
  idempotency_header: 'Idempotency-Key',
  ...changes,
});

/** What the model reads of one call. */
async function answerRead(tool: OpenapiTool, args: object): Promise<string> {
  agent.configure(1, { tools: [tool] });
  callsThenSays(agent.model, [toolCall('shop_changeOrder', args)], 'Done.');
  await agent.startRunner();
  await agent.reportOn(await agent.send('Change it.', { user_id: 'ada' }));
  return lastAnswers().join();
}
const lastAnswers = () => toolAnswers(agent.model.getLastRequest()?.body as never);

describe('an operation of an OpenAPI document', () => {
  it('is a tool with its own schema, and a request with each argument in its place', async () => {
    const args = { id: 'a/b', tags: ['x', 'y z'], where: { color: 'red' }, 'X-Trace': 't1', body: { n: 1 } };
    expect(await answerRead(shopTool(), args)).toBe('done');
    expect(shop.journal).toMatchObject([
      {
        method: 'PUT',
        url: '/api/orders/a%2Fb?tags=x&tags=y+z&where%5Bcolor%5D=red',
        headers: {
          'x-trace': 't1',
          'x-key': 'tok-canary-0123456789',
          'x-user': 'ada',
          'content-type': 'application/json',
        },
        body: '{"n":1}',
      },
    ]);
    expect(shop.journal[0]?.headers['idempotency-key']).toMatch(/:0:0$/);
    expect(agent.model.getLastRequest()?.body).toMatchObject({
      tools: [
        {
          function: {
            name: 'shop_changeOrder',
            description: 'Our shop.\nChanges an order.',
            parameters: { required: ['id'] },
          },
        },
      ],
    });
  });

  it.each<[string, object, RegExp]>([
    ['a header the configuration sets', { id: 'a', 'X-Key': 'mine' }, /^done$/],
    ['a path out of its folder', { id: '..' }, /may not be/],
    ['a second header', { id: 'a', 'X-Trace': 'a\r\nx-evil: 1' }, /no header may hold/],
    ['an argument that is none', { id: 'a', host: 'evil.example' }, /must NOT have additional properties/],
  ])('takes from the model no %s', async (_what, args, answer) => {
    expect(await answerRead(shopTool(), args)).toMatch(answer);
    for (const { headers } of shop.journal) {
      expect(headers['x-key']).toBe('tok-canary-0123456789');
      expect(headers).not.toHaveProperty('x-evil');
    }
  });

  it('comes from a URL, in YAML, asked for once and without the credentials of the API', async () => {
    const yaml = `openapi: 3.0.0
servers: [{ url: /api }]
paths:
  /orders/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    put: { operationId: changeOrder }
`;
    shop.answer = ({ url }) => (url === '/openapi.yaml' ? { body: yaml } : { body: 'changed' });
    const tool = shopTool({ document: null, url: `${shop.origin}/openapi.yaml` });
    expect(await answerRead(tool, { id: '1' })).toBe('changed');
    await agent.reportOn(await agent.send('Again.', { user_id: 'ada' }));
    expect(shop.journal.map(({ url }) => url)).toEqual(['/openapi.yaml', '/api/orders/1', '/api/orders/1']);
    expect(JSON.stringify(shop.journal[0])).not.toContain('canary');
  });

  it('that cannot be had is told of under the name of the tool, and tried again for the next run', async () => {
    let isAway = true;
    shop.answer = ({ url }) =>
      url !== '/openapi.json' ? {} : isAway ? { status: 503 } : { body: JSON.stringify(document()) };
    agent.configure(1, { tools: [shopTool({ document: null, url: `${shop.origin}/openapi.json` })] });
    agent.model.addFixture({
      match: { predicate: (request) => toolAnswers(request).length === 0 },
      response: ({ tools = [] }) => ({ toolCalls: [toolCall(tools[0]?.function.name ?? '', { id: '1' })] }),
    });
    agent.model.addFixture({ match: { predicate: () => true }, response: { content: 'Done.' } });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Change it.', { user_id: 'ada' }));
    expect(lastAnswers()).toEqual([expect.stringMatching(/^The tool shop cannot be used now: .*HTTP 503/)]);
    isAway = false;
    await agent.reportOn(await agent.send('Change it.', { user_id: 'ada' }));
    expect(lastAnswers()).toEqual(['HTTP 200']);
    expect(shop.journal.at(-1)).toMatchObject({ method: 'PUT', url: '/api/orders/1' });
  });
});
