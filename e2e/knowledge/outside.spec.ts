import { anAgent, PlainChat, until } from '@roost/testing';
import type { DocumentDto } from '@roost/contracts/rest';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { looksUp, scriptModel } from './scripted.model';

/** A page to ingest, and a search engine for the web. */
const searched: unknown[] = [];
const outside = createServer((request, response) => {
  void text(request).then((body) => {
    if (request.url === '/hours') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<title>Hours</title><p>The bakery in Riga opens at seven.</p>');
      return;
    }
    searched.push(JSON.parse(body));
    const result = { title: 'Weather', url: 'https://weather.example/', content: 'Snow in Riga tomorrow.' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ results: [result] }));
  });
});
outside.listen(0, '127.0.0.1');
await once(outside, 'listening');
const host = `127.0.0.1:${(outside.address() as AddressInfo).port}`;

const roost = useInstallation({
  env: { TOOL_ALLOWED_HOSTS: host, TAVILY_BASE_URL: `http://${host}`, TAVILY_API_KEY: 'tvly-test' },
});
afterAll(() => outside.close());
beforeEach(() => {
  searched.length = 0;
});

const call = <Result>(method: 'GET' | 'POST', path: string, body?: object): Promise<Result> =>
  roost().api.call<Result>({ method, path, ...(body ? { body } : {}) });

/** A knowledge base with the page that is at a URL. */
async function base(): Promise<string> {
  const { id } = await call<{ id: string }>('POST', '/knowledge-bases', { name: 'Handbook' });
  const documents = `/knowledge-bases/${id}/documents`;
  const document = await call<DocumentDto>('POST', documents, { url: `http://${host}/hours` });
  const { status } = await until(
    'the page is ingested',
    async () => {
      const now = await call<DocumentDto>('GET', `${documents}/${document.id}`);
      return ['ready', 'failed'].includes(now.status.state) ? now : undefined;
    },
    60_000,
  );
  expect(status.state).toBe('ready');
  return id;
}

async function agent(knowledge_base_id: string, limit_to_knowledge_base: boolean): Promise<string> {
  const tools = [
    {
      type: 'knowledge_base',
      name: 'search_handbook',
      description: 'The handbook.',
      knowledge_base_ids: [knowledge_base_id],
      retrieval_limit: 3,
      rewrite_attempts: 0,
    },
    { type: 'web_search', limit: 3 },
  ];
  const body = anAgent({ tools: tools as never[], knowledge: { limit_to_knowledge_base } });
  return (await call<{ id: string }>('POST', '/agents', body)).id;
}

async function ask(agent_id: string, content: string): Promise<string> {
  const chat = await PlainChat.open(roost().origin, agent_id, { key: roost().api.key ?? '' });
  chat.say(content);
  const { message_object } = await chat.reply();
  await chat.close();
  return message_object.content;
}

/** Looks in the knowledge first, then on the web, and answers from what it read last. */
const script = (isRelevant: boolean): void =>
  scriptModel(roost().model, {
    isRelevant: () => isRelevant,
    agent: (said) => {
      if (said.includes('Snow in Riga')) return { content: 'Snow, says weather.example.' };
      if (said.includes('holds nothing relevant'))
        return { toolCalls: [{ id: 'call_web', name: 'web_search', arguments: '{"query":"weather Riga"}' }] };
      return looksUp(said.slice(0, 200));
    },
    generate: () => 'At seven [1].',
  });

it('a page of the web becomes knowledge that answers', async () => {
  script(true);
  expect(await ask(await agent(await base(), false), 'When does the bakery open?')).toBe('At seven [1].');
  expect(searched).toEqual([]);
});

it('what the knowledge does not hold is searched on the web, and answered from there', async () => {
  script(false);
  expect(await ask(await agent(await base(), false), 'Will it snow?')).toBe('Snow, says weather.example.');
  expect(searched).toMatchObject([{ query: 'weather Riga', max_results: 3 }]);
});

it('an agent that is limited to its knowledge says that it does not hold it, and searches nothing else', async () => {
  script(false);
  expect(await ask(await agent(await base(), true), 'Will it snow?')).toBe(
    'The knowledge base does not say.',
  );
  expect(searched).toEqual([]);
});
