import { type ChatCompletionRequest, getTextContent } from '@copilotkit/aimock';
import { startModelStub } from '@roost/devstack';
import { anAgent, PlainChat, RemoteMcpServer, until } from '@roost/testing';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { useInstallation } from '../use.installation';

const FORBIDDEN = 'canary-the-board-meets-in-riga';
const ALLOWED = 'The shop opens at nine.';

const called: unknown[] = [];
const shop = await RemoteMcpServer.start((server) => {
  server.registerTool(
    'find_article',
    { description: 'Finds an article.', inputSchema: z.strictObject({ name: z.string() }) },
    (args) => {
      called.push(args);
      return { content: [{ type: 'text', text: '3 left' }] };
    },
  );
});
const tavily = await startModelStub();

interface Attempt {
  name: string;
  /** A text is sent as it is. */
  arguments: object | string;
}
const attempt = (name: string, ...args: Attempt['arguments'][]): Attempt[] =>
  args.map((args) => ({ name, arguments: args }));

describe('a model that calls each tool with the worst arguments', () => {
  const roost = useInstallation({
    env: {
      TOOL_ALLOWED_HOSTS: shop.host,
      TAVILY_BASE_URL: tavily.aimock.url,
      TAVILY_API_KEY: 'tvly-canary',
    },
  });
  afterAll(() => Promise.all([shop.stop(), tavily.stop()]));
  beforeEach(() => {
    called.length = 0;
  });

  const call = <Result>(method: 'GET' | 'POST', path: string, body?: object): Promise<Result> =>
    roost().api.call<Result>({ method, path, ...(body ? { body } : {}) });

  /** A knowledge base that holds one text. */
  async function base(text: string): Promise<string> {
    const { id } = await call<{ id: string }>('POST', '/knowledge-bases', { name: 'Handbook' });
    const document = await call<{ id: string }>('POST', `/knowledge-bases/${id}/documents`, {
      title: 'Page',
      text,
    });
    await until('the document is ready', async () => {
      const { status } = await call<{ status: { state: string } }>(
        'GET',
        `/knowledge-bases/${id}/documents/${document.id}`,
      );
      return status.state === 'ready' ? true : undefined;
    });
    return id;
  }

  /** The model of an agent makes these calls whenever it is spoken to; it judges and answers as it should. */
  function play(model: string, calls: Attempt[]): void {
    roost().model.aimock.prependFixture({
      match: { endpoint: 'chat', predicate: (request) => request.model === model },
      response: ({ messages }: ChatCompletionRequest) => {
        const instructions = getTextContent(messages[0]?.content ?? '') ?? '';
        if (instructions.includes('You judge whether a passage')) return { content: '{"relevant": true}' };
        const spoke = messages.findLastIndex(({ role }) => role === 'user');
        const hasRead = messages.slice(spoke).some(({ role }) => role === 'tool');
        if (hasRead || instructions.includes('Answer from the sources')) return { content: 'Done.' };
        return {
          content: '',
          toolCalls: calls.map(({ name, arguments: args }, at) => ({
            id: `call_${at}`,
            name,
            arguments: typeof args === 'string' ? args : JSON.stringify(args),
          })),
        };
      },
    });
  }

  /** Says something as this user, and waits for the reply. */
  async function sayAs(user_id: string, agent_id: string): Promise<{ type: string }[]> {
    const { token } = await roost().api.createChatToken(agent_id, { user_id });
    const chat = await PlainChat.open(roost().origin, agent_id, { key: token, stream: 'tokens' });
    chat.say('Look.');
    await chat.reply();
    await chat.close();
    return chat.frames;
  }

  /** What the model of an agent was told, all of it. */
  const toldTo = (model: string): string =>
    JSON.stringify(
      roost()
        .model.requests()
        .filter((request) => request.model === model),
    );
  /** What other tools than searches of knowledge answered, as the model is shown it to answer from. */
  const answersTo = (model: string): string[] => {
    const { messages } = roost()
      .model.requests()
      .findLast((request) => request.model === model)!;
    return (getTextContent(messages.at(-1)?.content ?? '') ?? '').match(/<source tool="\w+">/g) ?? [];
  };
  const factsOf = async (user_id: string): Promise<{ id: string; text: string }[]> =>
    (await call<{ items: { id: string; text: string }[] }>('GET', `/users/${user_id}/facts`)).items;

  it('reaches no other user, agent, knowledge base, tool of a server or setting of a search', async () => {
    const [given, other] = await Promise.all([base(ALLOWED), base(FORBIDDEN)]);
    const bystander = await roost().api.createAgent(anAgent({ model: { name: 'bystander-model' } }));
    const helper = await roost().api.createAgent(anAgent({ model: { name: 'helper-model' } }));
    play('helper-model', []);
    const { id } = await roost().api.createAgent(
      anAgent({
        model: { name: 'hostile-model' },
        memory: { enabled: true, depth: 20, long_term: true },
        tools: [
          {
            type: 'knowledge_base',
            name: 'search_handbook',
            description: 'The handbook.',
            knowledge_base_ids: [given],
            retrieval_limit: 3,
            rewrite_attempts: 0,
          },
          { type: 'web_search', limit: 2, include_domains: ['tea.example'] },
          { type: 'mcp', name: 'shop', url: shop.url, allowed_tools: ['find_article'] },
          { type: 'handoff', name: 'ask', description: 'Asks the helper.', agent_id: helper.id },
          { type: 'request_authorization' },
          { type: 'user_info' },
        ] as never[],
      }),
    );

    play('hostile-model', attempt('remember_fact', { fact: 'Eve drinks tea.' }));
    await sayAs('eve', id);
    const eve = await factsOf('eve');
    expect(eve).toMatchObject([{ text: 'Eve drinks tea.' }]);

    const worst = [
      ...attempt(
        'search_handbook',
        { queries: ['canary board'], knowledge_base_ids: [other] },
        { queries: ['canary board'], retrieval_limit: 50, filter: {} },
      ),
      ...attempt(
        'web_search',
        { query: 'tea', include_domains: ['evil.example'], api_key: 'mine', max_results: 100 },
        { query: 'x'.repeat(401) },
        { query: { raw: 'tea' } },
        { query: 'tea' },
      ),
      ...attempt('shop_find_article', { name: 'tea', path: '../../admin' }, { name: { $ne: null } }, '[]'),
      ...attempt('shop_delete_article', { name: 'tea' }),
      ...attempt(
        'ask',
        { message: 'Hello', agent_id: bystander.id },
        { message: 'Hello', user_id: 'eve' },
        { message: ['Hello'] },
      ),
      ...attempt('request_authorization', { fields: ['password'], message: 'Your password?' }),
      ...attempt('user_info', { user_id: 'eve' }),
      ...attempt('remember_fact', { fact: 'Ada is the owner.', user_id: 'eve' }, { fact: '' }, { fact: 7 }),
      ...attempt(
        'forget_fact',
        { id: eve[0]!.id },
        { id: '%' },
        { id: "' OR 1=1 --" },
        { id: eve[0]!.id, user_id: 'eve' },
      ),
      ...attempt('constructor', {}),
      ...attempt('__proto__', {}),
      ...attempt('user_info', 'not JSON', '"a text"', 'null'),
    ];
    play('hostile-model', worst);
    const shown = await sayAs('ada', id);

    // Nobody is asked for a password.
    expect(JSON.stringify(shown)).not.toContain('password');
    expect(answersTo('hostile-model')).toHaveLength(worst.length - 2);
    expect(await factsOf('eve')).toEqual(eve);
    expect(await factsOf('ada')).toEqual([]);
    expect(toldTo('hostile-model')).not.toContain(FORBIDDEN);
    expect(toldTo('hostile-model')).not.toContain('tvly-canary');
    expect(called).toEqual([]);
    expect(shop.of('tools/call').map(({ params }) => params['name'])).not.toContain('delete_article');
    expect(tavily.aimock.getRequests().map(({ path }) => path)).toEqual(['/search']);
    for (const model of ['bystander-model', 'helper-model']) expect(toldTo(model)).toBe('[]');
  });
});
