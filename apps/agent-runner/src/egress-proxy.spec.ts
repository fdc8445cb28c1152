import type { OpenapiTool } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { JournalServer } from './test/journal.server';
import { RecordingProxy } from './test/recording.proxy';
import { RedisProcess } from './test/redis.process';
import { mcpTool, webSearchTool } from './test/remote.tools';
import { callsThenSays, httpTool, toolAnswers, toolCall } from './test/scripted.tools';

const openapiTool: OpenapiTool = {
  type: 'openapi',
  name: 'orders',
  description: '',
  url: 'http://docs.example/openapi.json',
  document: null,
  server_url: null,
  operations: [],
  headers: {},
  timeout_s: 5,
  retries: 0,
  response_bytes_max: 65_536,
  idempotency_header: 'Idempotency-Key',
};

let redis: RedisProcess;
let agent: AgentFixture;
let shop: JournalServer;
let proxy: RecordingProxy;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  [agent, shop] = await Promise.all([AgentFixture.create(redis.url), JournalServer.start()]);
  proxy = await RecordingProxy.start({ 'model.example': agent.model.url, 'shop.example': shop.origin });
});
afterEach(async () => {
  await agent.destroy();
  await Promise.all([shop.stop(), proxy.stop()]);
});

const read = (): string => toolAnswers(agent.model.getLastRequest()?.body as never).join();

describe('a runner with HTTP_PROXY', () => {
  it('asks models and all tools through it, and neither the manager nor Redis', async () => {
    agent.web_search = { base_url: 'http://search.example', api_key: 'tvly' };
    const tools = [
      httpTool({ url: 'http://shop.example/book' }),
      openapiTool,
      mcpTool({ url: 'http://mcp.example/mcp' }),
      webSearchTool(),
    ];
    agent.configure(1, { tools }).model.base_url = 'http://model.example/v1';
    callsThenSays(agent.model, [toolCall('book', {}), toolCall('web_search', { query: 'tea' })], 'Done.');
    await agent.startRunner({ HTTP_PROXY: proxy.url });

    expect(await agent.reportOn(await agent.send('Book it.'))).toMatchObject({ content: 'Done.' });

    expect(shop.journal).toMatchObject([{ method: 'POST', url: '/book' }]);
    expect(new Set(proxy.hosts)).toEqual(
      new Set(['model.example', 'shop.example', 'docs.example', 'mcp.example', 'search.example']),
    );
  });

  it('lets the model read what the proxy refused', async () => {
    agent.configure(1, { tools: [httpTool({ url: 'http://rebind.example/' })] }).model.base_url =
      'http://model.example/v1';
    callsThenSays(agent.model, [toolCall('book', {})], 'Done.');
    await agent.startRunner({ HTTPS_PROXY: proxy.url });

    await agent.reportOn(await agent.send('Book it.'));

    expect(read()).toContain('The egress proxy refused rebind.example');
  });

  it.each(['http', 'https'])('says so when the model itself is refused, over %s', async (scheme) => {
    agent.configure(1).model.base_url = `${scheme}://10-0-0-1.example/v1`;
    await agent.startRunner({ HTTP_PROXY: proxy.url });

    expect(await agent.reportOn(await agent.send('Hello'))).toMatchObject({
      outcome: 'failed',
      code: 'model_unavailable',
      detail: expect.stringContaining('The egress proxy refused 10-0-0-1.example'),
    });
  });
});
