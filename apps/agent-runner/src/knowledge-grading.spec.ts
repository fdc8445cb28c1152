import { describe, expect, it, vi } from 'vitest';
import { JournalServer } from './test/journal.server';
import {
  chunk,
  json,
  knowledgeTool,
  looksUp,
  questionsTo,
  requestsTo,
  scriptKnowledge,
} from './test/scripted.knowledge';
import { httpTool, toolAnswers } from './test/scripted.tools';
import { useKnowledgeAgent } from './test/use.knowledge-agent';

const { agent, use, holds, searched, ask } = useKnowledgeAgent();

describe('what an agent has looked up', () => {
  it('judges passages side by side, at most eight at once', async () => {
    use({ tools: [knowledgeTool({ retrieval_limit: 20 })] });
    holds({ first: Array.from({ length: 20 }, (_none, index) => chunk(`c${index}`, 'relevant')) });
    let atOnce = 0;
    let most = 0;
    scriptKnowledge(agent().model, {
      grade: async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await vi.waitFor(() => expect(most).toBe(8), { timeout: 10_000 });
        atOnce -= 1;
        return json({ relevant: true });
      },
    });
    const { report } = await ask('Where?');
    expect(report.outcome).toBe('completed');
    expect(most).toBe(8);
    expect(questionsTo(agent().model)).toMatchObject({ grade: 20 });
  });

  it('reads a judgement in whatever form it comes, and takes none for a yes', async () => {
    use();
    holds({
      first: [
        chunk('fenced', 'in a fence'),
        chunk('wordy', 'among words'),
        chunk('no', 'a plain no'),
        chunk('none', 'never a judgement'),
      ],
    });
    const asked: string[] = [];
    scriptKnowledge(agent().model, {
      grade: (passage) => {
        asked.push(passage);
        if (passage === 'in a fence') return { content: '```json\n{"relevant": true}\n```' };
        if (passage === 'among words') return { content: 'I think {"relevant": true} fits.' };
        if (passage === 'a plain no') return json({ relevant: false });
        return { content: 'Who knows?' };
      },
      generate: () => ({ content: 'All [1][2][3].' }),
    });
    const { report } = await ask('Where?');
    expect(report).toMatchObject({
      citations: [{ chunk_id: 'fenced' }, { chunk_id: 'wordy' }, { chunk_id: 'none' }],
    });
    expect(asked.filter((passage) => passage === 'never a judgement')).toHaveLength(2);
  });

  it('asks without a form where the server refuses one, from then on', async () => {
    use();
    holds({ first: [chunk('a', 'relevant'), chunk('b', 'relevant')] });
    scriptKnowledge(agent().model, {});
    agent().model.prependFixture({
      match: { predicate: (request) => request.response_format !== undefined },
      response: { status: 400, error: { message: 'Unknown field.', type: 'invalid_request_error' } },
    });
    await agent().startRunner();
    const first = await agent().send('Where?');
    expect(await agent().reportOn(first)).toMatchObject({ outcome: 'completed' });
    const refused = () => requestsTo(agent().model).filter(({ response_format }) => response_format).length;
    const before = refused();
    expect(await agent().reportOn(await agent().send('Where?'))).toMatchObject({ outcome: 'completed' });
    expect(refused()).toBe(before);
  });

  it('goes on with its other tools when it looked nothing relevant up beside calling them', async () => {
    const shop = await JournalServer.start();
    agent().allowed_hosts = [shop.host];
    use({ tools: [knowledgeTool({ rewrite_attempts: 0 }), httpTool({ url: shop.origin })] });
    scriptKnowledge(agent().model, {
      agent: (request) =>
        toolAnswers(request).length > 0
          ? { content: 'Booked, but I know nothing of the price.' }
          : {
              toolCalls: [
                { id: 'one', name: 'book', arguments: '{}' },
                { id: 'two', name: 'search_handbook', arguments: '{"queries":["price"]}' },
              ],
            },
    });
    const { report } = await ask('Book it. What is the price?');
    expect(report).toMatchObject({ content: 'Booked, but I know nothing of the price.' });
    expect(toolAnswers(requestsTo(agent().model).at(-1)!)).toEqual([
      'done',
      expect.stringContaining('holds nothing relevant on: price'),
    ]);
    expect(shop.journal).toHaveLength(1);
    await shop.stop();
  });

  it('tells the model what is wrong with a call that asks for nothing', async () => {
    use();
    scriptKnowledge(agent().model, {
      agent: (request) => (toolAnswers(request).length > 0 ? { content: 'Sorry.' } : looksUp()),
    });
    const { report } = await ask('Where?');
    expect(report).toMatchObject({ content: 'Sorry.' });
    expect(toolAnswers(requestsTo(agent().model).at(-1)!).join()).toContain('The arguments do not fit');
    expect(searched()).toEqual([]);
  });
});
