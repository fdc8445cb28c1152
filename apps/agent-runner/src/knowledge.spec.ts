import { describe, expect, it, vi } from 'vitest';
import {
  chunk,
  json,
  knowledgeTool,
  looksUp,
  promptOf,
  questionsTo,
  requestsTo,
  scriptKnowledge,
  textOf,
} from './test/scripted.knowledge';
import { toolAnswers } from './test/scripted.tools';
import { useKnowledgeAgent } from './test/use.knowledge-agent';

const { agent, use, holds, searched, ask } = useKnowledgeAgent();

describe('an agent with knowledge', () => {
  it('looks nothing up for small talk', async () => {
    use();
    scriptKnowledge(agent().model, { agent: () => ({ content: 'Hello!' }) });
    const { report, steps } = await ask('Hi');
    expect(report).toMatchObject({ outcome: 'completed', content: 'Hello!' });
    expect(report).not.toHaveProperty('citations');
    expect(searched()).toEqual([]);
    expect(steps).toEqual([]);
    expect(requestsTo(agent().model)[0]?.tools).toMatchObject([{ function: { name: 'search_handbook' } }]);
  });

  it('answers from what it finds, cites it, and tells listeners each step', async () => {
    use();
    holds({
      'opening hours': [
        chunk('a', 'Parking is free.'),
        chunk('b', 'It is relevant. We open at nine. Dogs are welcome.', {
          source_url: 'https://shop.example/',
        }),
      ],
    });
    scriptKnowledge(agent().model, {
      agent: () => looksUp('opening hours'),
      generate: () => ({ content: 'We open at nine [1].' }),
    });
    const { report, steps, tools, streamed, message } = await ask('When do you open?');
    expect(report).toMatchObject({
      outcome: 'completed',
      content: 'We open at nine [1].',
      citations: [
        {
          document_id: 'doc_b',
          title: 'Document b',
          chunk_id: 'b',
          quote: 'We open at nine.',
          url: 'https://shop.example/',
        },
      ],
    });
    expect(streamed).toBe('We open at nine [1].');
    expect(agent().manager.searches).toEqual([
      {
        version: 1,
        knowledge_base_ids: ['kb_one'],
        query: 'opening hours',
        limit: 5,
        message_id: message.message_id,
      },
    ]);
    expect(steps).toEqual([
      'retrieving: Retrieving: opening hours',
      'grading: Grading 1 of 2',
      'grading: Grading 2 of 2',
      'generating: Generating the answer',
    ]);
    expect(tools).toEqual(['search_handbook started', 'search_handbook completed']);
    expect(questionsTo(agent().model)).toEqual({ agent: 1, grade: 2, generate: 1 });
  });

  it('splits a hard question, looks all of it up side by side and judges each passage once', async () => {
    use();
    let waiting = 0;
    agent().manager.knowledge = async ({ query }) => {
      waiting += 1;
      await vi.waitFor(() => expect(waiting).toBe(2), { timeout: 10_000 });
      return [chunk('shared', 'relevant to both'), chunk(query, `relevant to ${query}`)];
    };
    scriptKnowledge(agent().model, {
      agent: () => looksUp('prices', 'returns'),
      generate: () => ({ content: 'Two [3], one [1] and both [2][1].' }),
    });
    const { report } = await ask('What does it cost, and can I return it?');
    expect(searched().sort()).toEqual(['prices', 'returns']);
    expect(questionsTo(agent().model)).toMatchObject({ grade: 3, generate: 1 });
    // Numbered by first use, so that [n] is the n-th citation.
    expect(report).toMatchObject({
      content: 'Two [1], one [2] and both [3][2].',
      citations: [{ chunk_id: 'returns' }, { chunk_id: 'shared' }, { chunk_id: 'prices' }],
    });
  });

  it('puts a query that found nothing relevant in other words, and keeps what it has found', async () => {
    use();
    holds({
      prices: [chunk('p', 'relevant prices')],
      'send back': [chunk('x', 'nothing of use')],
      returns: [chunk('x', 'nothing of use'), chunk('r', 'relevant returns')],
    });
    scriptKnowledge(agent().model, {
      agent: () => looksUp('prices', 'send back'),
      rewrite: () => json({ query: 'returns' }),
      generate: () => ({ content: 'Both [1][2].' }),
    });
    const { report, steps } = await ask('Prices, and may I send it back?');
    expect(searched().sort()).toEqual(['prices', 'returns', 'send back']);
    expect(steps).toContain('rewriting: Rewriting: returns');
    expect(report).toMatchObject({ citations: [{ chunk_id: 'p' }, { chunk_id: 'r' }] });
    // The rejected passage is not judged again.
    expect(questionsTo(agent().model)).toMatchObject({ grade: 3, rewrite: 1 });
    expect(textOf(requestsTo(agent().model, 'rewrite')[0]!)).toContain('- send back');
  });

  it.each([0, 1, 3])('says that nothing was found after exactly %i rewrites', async (rewrite_attempts) => {
    use({ tools: [knowledgeTool({ rewrite_attempts })] });
    agent().manager.knowledge = ({ query }) => [chunk(query, 'nothing of use')];
    let rewrites = 0;
    scriptKnowledge(agent().model, {
      rewrite: () => json({ query: `attempt ${(rewrites += 1)}` }),
      abstain: () => ({ content: 'Das steht nicht in der Wissensdatenbank [1].' }),
    });
    const { report, tools } = await ask('Was kostet das?');
    expect(rewrites).toBe(rewrite_attempts);
    expect(searched()).toHaveLength(rewrite_attempts + 1);
    // A marker without a source leaves no trace.
    expect(report).toMatchObject({
      outcome: 'completed',
      content: 'Das steht nicht in der Wissensdatenbank.',
    });
    expect(report).not.toHaveProperty('citations');
    expect(promptOf(requestsTo(agent().model, 'abstain')[0]!)).toContain('in the language of the user');
    expect(tools).toEqual(['search_handbook started', 'search_handbook completed']);
  });

  it('forgets what it has found once the reply stands', async () => {
    use();
    holds({ first: [chunk('a', 'relevant and long-winded')] });
    scriptKnowledge(agent().model, {});
    const { message } = await ask('Where?');
    const next = await agent().send('And then?', { thread_id: message.thread_id });
    await agent().reportOn(next);
    const { checkpoint } = agent().manager.checkpoints.newest(message.thread_id)!;
    const stored = Buffer.from(checkpoint.base64, 'base64').toString();
    expect(stored).toContain('Found it [1].');
    // The passage is left in the citation alone.
    expect(stored).not.toContain('"rejected"');
    const [, second] = requestsTo(agent().model, 'agent');
    expect(second?.messages.slice(1)).toMatchObject([
      { role: 'user', content: 'Where?' },
      // Its sources are not there any more, so its numbers would mean nothing.
      { role: 'assistant', content: 'Found it.' },
      { role: 'user', content: 'And then?' },
    ]);
  });

  it('asks the grading model to judge and to rewrite, and itself for the rest', async () => {
    use({ knowledge: { limit_to_knowledge_base: false, grading_model: 'gpt-small' } });
    holds({ rewritten: [chunk('a', 'relevant')] });
    scriptKnowledge(agent().model, {});
    agent().manager.knowledge = ({ query }) => [chunk(query, query === 'first' ? 'of no use' : 'relevant')];
    const { report } = await ask('Where?');
    const models = (kind: Parameters<typeof requestsTo>[1]) =>
      new Set(requestsTo(agent().model, kind).map(({ model }) => model));
    expect([...models('grade'), ...models('rewrite')]).toEqual(['gpt-small', 'gpt-small']);
    expect([...models('agent'), ...models('generate')]).toEqual(['gpt-test', 'gpt-test']);
    expect(report.token_usage).toMatchObject([
      { kind: 'agent', model: 'gpt-test', calls: 2 },
      { kind: 'grading', model: 'gpt-small', calls: 2 },
      { kind: 'rewriting', model: 'gpt-small', calls: 1 },
    ]);
  });

  it('lets the model go on when the knowledge base cannot be searched', async () => {
    use();
    let told = '';
    scriptKnowledge(agent().model, {
      agent: (request) => {
        if (toolAnswers(request).length === 0) return looksUp('first');
        told = toolAnswers(request)[0] ?? '';
        return { content: 'I cannot look it up now.' };
      },
    });
    agent().manager.knowledge = () => ({ status: 403 });
    const { report, tools } = await ask('Where?');
    expect(report).toMatchObject({ outcome: 'completed', content: 'I cannot look it up now.' });
    expect(told).toContain('knowledge_base_ids');
    expect(tools).toEqual(['search_handbook started', 'search_handbook failed']);
  });

  it('searches again while the manager is away', async () => {
    use();
    const statuses = [503, 503];
    agent().manager.knowledge = () => {
      const status = statuses.shift();
      return status === undefined ? [chunk('a', 'relevant')] : { status };
    };
    scriptKnowledge(agent().model, {});
    const { report } = await ask('Where?');
    expect(report).toMatchObject({ outcome: 'completed', citations: [{ chunk_id: 'a' }] });
  });
});

describe('citations', () => {
  it('quote the passage word for word, whatever the model writes', async () => {
    use();
    const text = 'Relevant rules.\nReturns  are\taccepted within 30 days. Bring the receipt. No cash.';
    holds({ first: [chunk('a', text)] });
    scriptKnowledge(agent().model, {
      generate: () => ({ content: 'It says "returns are accepted for ever" [1], and "so on" [7].' }),
      grade: () => json({ relevant: true }),
    });
    const { report } = await ask('May I return it?');
    expect(report).toMatchObject({ content: 'It says "returns are accepted for ever" [1], and "so on".' });
    const [citation, ...others] = (report as { citations: { quote: string }[] }).citations;
    expect(others).toEqual([]);
    expect(text).toContain(citation?.quote);
    expect(citation?.quote).toContain('Returns  are\taccepted');
  });

  it('are none when the model names none', async () => {
    use();
    holds({ first: [chunk('a', 'relevant')] });
    scriptKnowledge(agent().model, { generate: () => ({ content: 'Somewhere.' }) });
    const { report } = await ask('Where?');
    expect(report).toMatchObject({ content: 'Somewhere.' });
    expect(report).not.toHaveProperty('citations');
  });

  it('are reported again when the first report was lost', async () => {
    use();
    holds({ first: [chunk('a', 'relevant')] });
    scriptKnowledge(agent().model, {});
    const { message, report } = await ask('Where?');
    await agent().messaging.streams.add('inbox', agent().agent_id, message);
    await vi.waitFor(async () => expect(await agent().allReports()).toHaveLength(2), { timeout: 10_000 });
    const [, again] = await agent().allReports();
    expect(again).toMatchObject({
      content: 'Found it [1].',
      citations: (report as { citations: unknown }).citations,
      token_usage: report.token_usage,
    });
    expect(questionsTo(agent().model)).toMatchObject({ agent: 1, generate: 1 });
  });
});
