import type { AgentConfiguration } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture, basicConfiguration } from './test/agent.fixture';
import { JournalServer, never } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import {
  chunk,
  json,
  knowledgeTool,
  looksUp,
  questionsTo,
  requestsTo,
  scriptKnowledge,
} from './test/scripted.knowledge';
import { mcpTool } from './test/remote.tools';
import { httpTool } from './test/scripted.tools';

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

const limit = (limits: Partial<AgentConfiguration['limits']>, changes: Partial<AgentConfiguration> = {}) =>
  agent.configure(1, {
    tools: [knowledgeTool({ retrieval_limit: 20 })],
    ...changes,
    limits: { ...basicConfiguration.limits, ...limits },
  });

const ended = (name: string) => ({
  outcome: 'failed',
  code: 'run_limit_reached',
  detail: expect.stringContaining(`limits.${name}`) as string,
});

async function ask(content: string) {
  await agent.startRunner();
  return agent.reportOn(await agent.send(content, { opens_thread: true }));
}

describe('a run past a limit ends, and says which', () => {
  it('seconds: whatever it waits for', async () => {
    limit({ seconds_per_run: 1 });
    agent.manager.knowledge = () => [chunk('a', 'relevant')];
    scriptKnowledge(agent.model, { generate: never });
    const begun = performance.now();
    const report = await ask('Where?');
    expect(report).toMatchObject(ended('seconds_per_run'));
    expect(performance.now() - begun).toBeLessThan(10_000);
    // What it has cost by then is known.
    expect(report.token_usage).toMatchObject([{ kind: 'agent' }, { kind: 'grading', calls: 1 }]);
  });

  it('seconds: also of an agent without any tool', async () => {
    limit({ seconds_per_run: 1 }, { tools: [] });
    agent.model.prependFixture({ match: { predicate: () => true }, response: never });
    expect(await ask('Hello?')).toMatchObject(ended('seconds_per_run'));
  });

  it('seconds: also while a server is asked what its tools are', async () => {
    const server = await JournalServer.start();
    server.answer = never;
    agent.allowed_hosts = [server.host];
    limit({ seconds_per_run: 1 }, { tools: [mcpTool({ url: `${server.origin}/mcp` })] });
    const begun = performance.now();
    expect(await ask('Hello?')).toMatchObject(ended('seconds_per_run'));
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(agent.model.getRequests()).toEqual([]);
    await server.stop();
  });

  it('tokens: of all kinds of calls, before the next question', async () => {
    limit({ tokens_per_run: 1 });
    agent.manager.knowledge = () => [chunk('a', 'relevant')];
    scriptKnowledge(agent.model, {});
    const report = await ask('Where?');
    expect(report).toMatchObject(ended('tokens_per_run'));
    expect(questionsTo(agent.model)).toEqual({ agent: 1 });
    expect(report.token_usage).toMatchObject([{ kind: 'agent', model: 'gpt-test', calls: 1 }]);
  });

  it('tokens: with those that searching costs', async () => {
    limit({ tokens_per_run: 50_000 });
    const embedding = { kind: 'embedding', model: 'vectors', calls: 1, output_tokens: 0 } as const;
    agent.manager.search_usage = [{ ...embedding, input_tokens: 50_000 }];
    agent.manager.knowledge = () => [chunk('a', 'relevant')];
    scriptKnowledge(agent.model, {});
    const report = await ask('Where?');
    expect(report).toMatchObject(ended('tokens_per_run'));
    expect(questionsTo(agent.model)).toEqual({ agent: 1 });
    // The manager has booked it already.
    expect(report.token_usage).toMatchObject([{ kind: 'agent' }]);
  });

  it('tokens: in the middle of grading, and what has not begun never does', async () => {
    limit({ tokens_per_run: 2_000 });
    agent.manager.knowledge = () =>
      Array.from({ length: 20 }, (_none, index) => chunk(`c${index}`, `relevant ${'word '.repeat(1_000)}`));
    scriptKnowledge(agent.model, {});
    expect(await ask('Where?')).toMatchObject(ended('tokens_per_run'));
    const { grade = 0, generate = 0 } = questionsTo(agent.model);
    expect(grade).toBeGreaterThan(0);
    expect(grade).toBeLessThan(20);
    expect(generate).toBe(0);
  });

  it('tool calls: a search counts as one', async () => {
    limit({ tool_calls_per_run: 1 });
    scriptKnowledge(agent.model, {
      agent: () => ({
        toolCalls: ['one', 'two'].map((id) => ({
          id,
          name: 'search_handbook',
          arguments: JSON.stringify({ queries: [id] }),
        })),
      }),
    });
    expect(await ask('Where?')).toMatchObject(ended('tool_calls_per_run'));
    expect(agent.manager.searches).toEqual([]);
  });

  it('steps: an agent that never stops looking', async () => {
    const shop = await JournalServer.start();
    agent.allowed_hosts = [shop.host];
    limit(
      { steps_per_run: 2 },
      { tools: [knowledgeTool({ rewrite_attempts: 5 }), httpTool({ url: shop.origin })] },
    );
    scriptKnowledge(agent.model, {
      agent: () => ({
        toolCalls: [
          { id: 'one', name: 'book', arguments: '{}' },
          { id: 'two', name: 'search_handbook', arguments: '{"queries":["price"]}' },
        ],
      }),
    });
    expect(await ask('Where?')).toMatchObject(ended('steps_per_run'));
    // All attempts of both steps fit into what the graph may take.
    expect(agent.manager.searches).toHaveLength(12);
    expect(shop.journal).toHaveLength(2);
    await shop.stop();
  });
});

describe('a run that is cancelled while passages are judged', () => {
  it('ends within a second, asks nothing more, and leaves no trace of what it found', async () => {
    limit({});
    agent.manager.knowledge = () =>
      Array.from({ length: 20 }, (_none, index) => chunk(`c${index}`, 'relevant'));
    let judged = 0;
    scriptKnowledge(agent.model, {
      agent: (request) =>
        request.messages.some(({ content }) => content === 'next') ? { content: 'Fine.' } : looksUp('first'),
      grade: () => {
        judged += 1;
        return judged <= 2 ? json({ relevant: true }) : never();
      },
    });
    await agent.startRunner();
    const message = await agent.send('Where?', { opens_thread: true });
    await vi.waitFor(() => expect(judged).toBe(10), { timeout: 10_000 });
    const begun = performance.now();
    await agent.messaging.topics.publishCancel(agent.agent_id, { message_ids: [message.message_id] });
    const report = await agent.reportOn(message);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(report).toMatchObject({ outcome: 'cancelled', content: '' });
    expect(report.token_usage).toMatchObject([{ kind: 'agent' }, { kind: 'grading', calls: 2 }]);

    const next = await agent.send('next', { thread_id: message.thread_id });
    expect(await agent.reportOn(next)).toMatchObject({ outcome: 'completed', content: 'Fine.' });
    expect(judged).toBe(10);
    expect(requestsTo(agent.model, 'agent').at(-1)?.messages.slice(1)).toMatchObject([
      { content: 'Where?' },
      { content: 'next' },
    ]);
  });
});
