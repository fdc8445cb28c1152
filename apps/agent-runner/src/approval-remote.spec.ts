import type { OpenapiTool } from '@roost/contracts';
import { RemoteMcpServer } from '@roost/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AgentFixture } from './test/agent.fixture';
import { JournalServer } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { mcpTool } from './test/remote.tools';
import { callsThenSays, toolAnswers, toolCall } from './test/scripted.tools';
import { useApprovals } from './test/use.approvals';

let redis: RedisProcess;
let agent: AgentFixture;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  agent = await AgentFixture.create(redis.url);
});
afterEach(() => agent.destroy());

const { untilPaused, untilEnded, resume } = useApprovals(() => agent);

/** A message whose run waits for somebody to allow one call of this tool. */
async function paused(tool: string, args: object) {
  callsThenSays(agent.model, [toolCall(tool, args)], 'Done.');
  const runner = await agent.startRunner();
  const message = await agent.send('Do it.', { opens_thread: true });
  return { runner, message, report: await untilPaused(message) };
}

const answersRead = (): string[] => toolAnswers(agent.model.getLastRequest()?.body as never);

describe('a tool of an MCP server that requires approval', () => {
  let server: RemoteMcpServer;
  beforeEach(async () => {
    server = await RemoteMcpServer.start((mcp) => {
      mcp.registerTool(
        'pay',
        { description: 'Pays.', inputSchema: z.object({ sum: z.number() }) },
        ({ sum }) => ({
          content: [{ type: 'text', text: `paid ${sum}` }],
        }),
      );
    });
    agent.allowed_hosts = [server.host];
    agent.configure(1, {
      tools: [mcpTool({ url: server.url, allowed_tools: ['pay'], requires_approval: true })],
    });
  });
  afterEach(() => server.stop());

  it('is called once it was approved, and not before', async () => {
    const { message, report } = await paused('shop_pay', { sum: 5 });
    expect(report.approvals).toMatchObject([{ tool: 'shop_pay', arguments: { sum: 5 } }]);
    expect(server.of('tools/call')).toEqual([]);
    await resume(message, [{ decision: 'approve' }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Done.' });
    expect(server.of('tools/call')).toHaveLength(1);
    expect(answersRead()).toEqual(['paid 5']);
  });

  it('that is away when the next instance goes on is not silently gone: the model is told that it is away', async () => {
    const { runner, message, report } = await paused('shop_pay', { sum: 5 });
    await runner.stop(2_100);
    await server.stop();
    await agent.startRunner();
    await resume(message, [{ decision: 'approve' }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Done.' });
    expect(answersRead()).toEqual([expect.stringContaining('The tool shop cannot be used now')]);
  });

  it('that is away meanwhile stays rejected when somebody rejected it', async () => {
    const { runner, message, report } = await paused('shop_pay', { sum: 5 });
    await runner.stop(2_100);
    await server.stop();
    await agent.startRunner();
    await resume(message, [{ decision: 'reject', reason: 'too dear' }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Done.' });
    expect(answersRead()).toEqual(['The call was rejected: too dear']);
  });
});

describe('an operation of an OpenAPI document that requires approval', () => {
  let shop: JournalServer;
  beforeEach(async () => {
    shop = await JournalServer.start();
    shop.answer = ({ url }) =>
      url === '/openapi.json'
        ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(document()) }
        : { body: 'changed' };
    agent.allowed_hosts = [shop.host];
    agent.configure(1, { tools: [openapi()] });
  });
  afterEach(() => shop.stop());

  const document = () => ({
    openapi: '3.1.0',
    servers: [{ url: `${shop.origin}/api/` }],
    paths: {
      '/orders/{id}': {
        put: {
          operationId: 'changeOrder',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        },
      },
    },
  });
  const openapi = (): OpenapiTool => ({
    type: 'openapi',
    name: 'shop',
    description: 'Our shop.',
    document: null,
    url: `${shop.origin}/openapi.json`,
    operations: ['changeOrder'],
    server_url: null,
    headers: {},
    timeout_s: 20,
    retries: 0,
    response_bytes_max: 65_536,
    idempotency_header: 'Idempotency-Key',
    requires_approval: true,
  });
  const calls = () => shop.journal.flatMap(({ method, url }) => (method === 'PUT' ? [url] : []));

  it('is called once it was approved, also by the next instance, which reads the document anew', async () => {
    const { runner, message, report } = await paused('shop_changeOrder', { id: '7' });
    expect(calls()).toEqual([]);
    await runner.stop(2_100);
    await agent.startRunner();
    await resume(message, [{ decision: 'approve' }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Done.' });
    expect(calls()).toEqual(['/api/orders/7']);
  });

  it('whose document is away when the next instance goes on: the model is told so', async () => {
    const { runner, message, report } = await paused('shop_changeOrder', { id: '7' });
    await runner.stop(2_100);
    shop.answer = () => ({ status: 503 });
    await agent.startRunner();
    await resume(message, [{ decision: 'approve' }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Done.' });
    expect(calls()).toEqual([]);
    expect(answersRead()).toEqual([expect.stringContaining('The tool shop cannot be used now')]);
  });
});
