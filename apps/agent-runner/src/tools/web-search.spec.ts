import { LLMock } from '@copilotkit/aimock';
import type { AgentRuntimeConfiguration, WebSearchTool } from '@roost/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManagerClient } from '../exchange/manager.client';
import { basicConfiguration } from '../test/agent.fixture';
import { JournalServer } from '../test/journal.server';
import { aCall, webSearchTool } from '../test/remote.tools';
import { ToolboxFactory } from './toolbox.factory';

let tavily: JournalServer;
beforeEach(async () => {
  tavily = await JournalServer.start();
});
afterEach(() => tavily.stop());

async function search(
  web_search: AgentRuntimeConfiguration['web_search'],
  changes: Partial<WebSearchTool> = {},
  args: object = { query: 'tea prices' },
) {
  const box = await new ToolboxFactory(new ManagerClient('http://127.0.0.1:1', null)).of({
    agent_id: 'agent_test_0000',
    version: 1,
    configuration: { ...basicConfiguration, tools: [webSearchTool(changes)] },
    model: { base_url: 'http://127.0.0.1:1', api_key: null },
    outbound: { allowed_hosts: [] },
    ...(web_search === undefined ? {} : { web_search }),
  });
  return box?.call('web_search', args, aCall());
}

const results = (...found: object[]) => ({ body: JSON.stringify({ results: found }) });

describe('a web search', () => {
  it("asks Tavily with the operator's key, within the domains of the tool, and answers with titles, addresses and excerpts", async () => {
    const model = new LLMock({ port: 0 });
    await model.start();
    model.onSearch('tea prices', [
      { title: 'Tea', url: 'https://tea.example/', content: '3 euros', score: 0.9 },
    ]);
    const found = await search({ base_url: model.url, api_key: 'tvly-canary' });
    expect(JSON.parse(found?.content ?? '')).toEqual([
      { title: 'Tea', url: 'https://tea.example/', snippet: '3 euros' },
    ]);
    await model.stop();

    tavily.answer = () => results();
    const domains = { include_domains: ['tea.example'], exclude_domains: ['ads.example'] };
    await search({ base_url: tavily.origin, api_key: 'tvly-canary' }, { limit: 3, ...domains });
    expect(tavily.journal).toMatchObject([
      { method: 'POST', url: '/search', headers: { authorization: 'Bearer tvly-canary' } },
    ]);
    expect(JSON.parse(tavily.journal[0]?.body ?? '')).toEqual({
      query: 'tea prices',
      max_results: 3,
      ...domains,
    });
  });

  it('brings no more than the limit, each cut to what a model should read', async () => {
    tavily.answer = () =>
      results(
        ...Array.from({ length: 8 }, (_, at) => ({
          title: `${at}`,
          url: 'https://x.example',
          content: 'y'.repeat(9_000),
        })),
      );
    const found = await search({ base_url: tavily.origin, api_key: 'k' }, { limit: 2 });
    expect(JSON.parse(found?.content ?? '')).toHaveLength(2);
    expect(found?.content.length).toBeLessThan(4_000);
  });

  it('without a key says what the operator can do', async () => {
    for (const none of [undefined, null])
      expect(await search(none)).toEqual({ ok: false, content: expect.stringContaining('TAVILY_API_KEY') });
  });

  it('that fails is something the model reads, without the key', async () => {
    for (const status of [401, 429, 500]) {
      tavily.answer = () => ({ status, body: 'tvly-canary' });
      const answer = await search({ base_url: tavily.origin, api_key: 'tvly-canary' });
      expect(answer).toEqual({ ok: false, content: expect.not.stringContaining('canary') });
    }
    tavily.answer = () => ({ body: 'no json' });
    expect(await search({ base_url: tavily.origin, api_key: 'k' })).toMatchObject({ ok: false });
    expect(await search({ base_url: tavily.origin, api_key: 'k' }, {}, {})).toMatchObject({ ok: false });
  });

  it('carries the key nowhere else, wherever the server redirects', async () => {
    const elsewhere = await JournalServer.start();
    tavily.answer = () => ({ status: 307, headers: { location: `${elsewhere.origin}/search` } });
    expect(await search({ base_url: tavily.origin, api_key: 'k' })).toMatchObject({ ok: false });
    expect(elsewhere.journal).toEqual([]);
    await elsewhere.stop();
  });
});
