import { internalPaths } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentFixture, basicConfiguration } from './test/agent.fixture';
import { RedisProcess } from './test/redis.process';
import { callsThenSays, toolCall } from './test/scripted.tools';

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

const remembering = (long_term: boolean) =>
  agent.configure(1, { memory: { ...basicConfiguration.memory, long_term } });

/** What the model was told first, with each question. */
const instructions = (): string[] =>
  agent.model.getRequests().flatMap(({ body }) => {
    const { messages = [] } = (body ?? {}) as { messages?: { content: unknown }[] };
    return typeof messages[0]?.content === 'string' ? [messages[0].content] : [];
  });

describe('long-term memory', () => {
  it('shows the model what is known of the user, in whatever thread', async () => {
    remembering(true);
    agent.manager.facts.set('ada', [{ id: 'fact_1', text: 'Likes tea.' }]);
    agent.model.onMessage(/.*/, { content: 'Tea?' });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Hello', { user_id: 'ada' }));
    await agent.reportOn(await agent.send('Hello', { user_id: 'bob' }));
    expect(instructions().map((text) => text.includes('[fact_1] Likes tea.'))).toEqual([true, false]);
  });

  it('keeps what the model notes, for the user who spoke', async () => {
    remembering(true);
    callsThenSays(agent.model, [toolCall('remember_fact', { fact: 'Likes tea.' })], 'Noted.');
    await agent.startRunner();
    const report = await agent.reportOn(await agent.send('I like tea', { user_id: 'ada' }));
    expect(report).toMatchObject({ outcome: 'completed', content: 'Noted.' });
    expect(agent.manager.facts.get('ada')).toEqual([{ id: 'fact_1', text: 'Likes tea.' }]);
  });

  it.each([
    ['of an agent without it', false, 'ada'],
    ['of somebody nobody vouched for', true, null],
  ])('%s asks for nothing', async (_of, long_term, user_id) => {
    remembering(long_term);
    agent.model.onMessage(/.*/, { content: 'Hi' });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Hello', { user_id }));
    expect(agent.manager.requestsTo(internalPaths.facts)).toEqual([]);
  });
});

describe('a daily budget', () => {
  const budget = (tokens_per_day: number | null) =>
    agent.configure(1, { limits: { ...basicConfiguration.limits, tokens_per_day } });

  it('that is spent ends the run before the model is asked, and says when it ends', async () => {
    budget(1_000);
    agent.manager.spent = 1_000;
    agent.model.onMessage(/.*/, { content: 'Hi' });
    await agent.startRunner();
    expect(await agent.reportOn(await agent.send('Hello'))).toMatchObject({
      outcome: 'failed',
      code: 'budget_exhausted',
      detail: expect.stringContaining('1000 tokens of today') as string,
    });
    expect(agent.model.getRequests()).toEqual([]);
  });

  it('counts what the instance spends itself', async () => {
    budget(20);
    agent.model.onMessage(/.*/, { content: 'Hi', usage: { prompt_tokens: 15, completion_tokens: 5 } });
    await agent.startRunner();
    expect(await agent.reportOn(await agent.send('Hello'))).toMatchObject({ outcome: 'completed' });
    expect(await agent.reportOn(await agent.send('Hello'))).toMatchObject({ code: 'budget_exhausted' });
    expect(agent.manager.requestsTo(internalPaths.budget)).toHaveLength(1);
  });

  it('is asked for by no agent without one', async () => {
    budget(null);
    agent.model.onMessage(/.*/, { content: 'Hi' });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Hello'));
    expect(agent.manager.requestsTo(internalPaths.budget)).toEqual([]);
  });
});
