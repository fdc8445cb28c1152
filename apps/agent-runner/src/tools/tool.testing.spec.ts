import { newRunId, type ToolTestRequest } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from '../test/agent.fixture';
import { JournalServer, never } from '../test/journal.server';
import { RedisProcess } from '../test/redis.process';
import { handoffTool } from '../test/remote.tools';
import { chunk, knowledgeTool } from '../test/scripted.knowledge';
import { httpTool } from '../test/scripted.tools';

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

const attempt = (changes: Partial<ToolTestRequest> = {}) =>
  agent.messaging.toolTests.request(agent.agent_id, {
    request_id: newRunId(),
    version: 1,
    tool: 'book',
    arguments: {},
    user_id: null,
    user_data: {},
    wait_ms: 5_000,
    ...changes,
  });

describe('a runner that is asked to try a tool', () => {
  it('calls it as a run would: arguments checked, user and secrets filled, secrets masked', async () => {
    agent.configure(1, {
      tools: [
        httpTool({
          url: shop.origin,
          headers: { authorization: '{secret.shop_token}' },
          body: { of: '{user.id}', table: '{table}' },
        }),
      ],
    });
    await agent.startRunner();
    shop.answer = ({ headers, body }) => ({ body: `${headers.authorization ?? ''} ${body}` });
    expect(await attempt({ user_id: 'ada', arguments: { table: 'a' } })).toMatchObject({
      outcome: 'called',
      ok: true,
      content: '[secret] {"of":"ada","table":"a"}',
      ms: expect.any(Number),
    });
    expect(await attempt({ arguments: { table: 7 } })).toMatchObject({
      ok: false,
      content: expect.stringContaining('must be string'),
    });
    expect(shop.journal).toHaveLength(1);
    expect(agent.model.getRequests()).toEqual([]);
  });

  it('looks something up as a run would, by the manager', async () => {
    agent.configure(1, { tools: [knowledgeTool({ retrieval_limit: 3 })] });
    agent.manager.knowledge = ({ query, limit }) => [chunk('a', `${query}, at most ${limit}`)];
    await agent.startRunner();
    const tried = { tool: 'search_handbook', arguments: { queries: ['opening hours'] } };
    expect(await attempt(tried)).toMatchObject({
      outcome: 'called',
      ok: true,
      content: expect.stringContaining('opening hours, at most 3') as string,
    });
    expect(await attempt({ ...tried, arguments: { queries: [] } })).toMatchObject({ ok: false });
    expect(agent.manager.searches).toHaveLength(1);
  });

  it('says why nothing can be looked up', async () => {
    agent.configure(1, { tools: [knowledgeTool()] });
    await agent.startRunner();
    agent.manager.failNext.push(404);
    expect(
      await attempt({ tool: 'search_handbook', arguments: { queries: ['opening hours'] } }),
    ).toMatchObject({ ok: false, content: expect.stringContaining('Check the knowledge_base_ids') });
  });

  it('hands over for nobody: the manager is told that there is no message', async () => {
    agent.configure(1, { tools: [handoffTool()] });
    const asked: unknown[] = [];
    agent.manager.handoff = (request) => {
      asked.push(request);
      return { status: 'done', content: 'Three.' };
    };
    await agent.startRunner();
    const trial = { tool: handoffTool().name, arguments: { message: 'Is it in stock?' } };
    expect(await attempt(trial)).toMatchObject({ ok: true, content: 'Three.' });
    expect(asked).toMatchObject([
      { message_id: null, message: 'Is it in stock?', idempotency_key: expect.stringMatching(/^test:/) },
    ]);
  });

  it('takes the version it is asked for, and says which tools that has', async () => {
    agent.configure(2, { tools: [httpTool({ name: 'later', url: shop.origin })] });
    await agent.startRunner();
    expect(await attempt({ version: 2, tool: 'later' })).toMatchObject({ outcome: 'called', ok: true });
    expect(await attempt({ version: 2 })).toEqual({ outcome: 'unknown_tool', known: ['later'] });
    expect(await attempt()).toEqual({ outcome: 'unknown_tool', known: [] });
  });

  it('tries four at once, refuses a fifth, and ends each when nobody waits any more', async () => {
    agent.configure(1, { tools: [httpTool({ url: shop.origin })] });
    await agent.startRunner();
    shop.answer = never;
    const four = [1, 2, 3, 4].map(() => attempt({ wait_ms: 2_000 }));
    await vi.waitFor(() => expect(shop.journal).toHaveLength(4));
    expect(await attempt()).toEqual({ outcome: 'busy' });
    expect(await Promise.all(four)).toEqual(['silent', 'silent', 'silent', 'silent']);
    await vi.waitFor(() => expect(shop.abandoned).toBe(4));
  });

  it('is not asked when there is none', async () => {
    expect(await attempt()).toBe('nobody');
  });
});
