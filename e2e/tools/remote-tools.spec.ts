import { startModelStub } from '@roost/devstack';
import { aPublicAgent, PlainChat, RemoteMcpServer, until } from '@roost/testing';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { useInstallation } from '../use.installation';

const deleted: string[] = [];
const shop = await RemoteMcpServer.start((server) => {
  server.registerTool(
    'find_article',
    { description: 'Finds an article.', inputSchema: z.object({ name: z.string() }) },
    ({ name }) => ({ content: [{ type: 'text', text: `${name}: 3 left` }] }),
  );
  server.registerTool('delete_article', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => {
    deleted.push(name);
    return { content: [] };
  });
});
const tavily = await startModelStub();

describe('tools that reach other servers and agents', () => {
  const roost = useInstallation({
    env: {
      TOOL_ALLOWED_HOSTS: shop.host,
      TAVILY_BASE_URL: tavily.aimock.url,
      TAVILY_API_KEY: 'tvly-canary',
    },
  });
  const chats: PlainChat[] = [];
  afterEach(async () => {
    for (const chat of chats.splice(0)) await chat.close();
  });
  afterAll(async () => {
    await Promise.all([shop.stop(), tavily.stop()]);
  });

  /** An agent whose model makes these calls whenever it is spoken to, and then repeats what the tools answered. */
  async function agentThatCalls(
    model: string,
    tools: object[],
    ...calls: { name: string; arguments: object }[]
  ): Promise<string> {
    roost().model.aimock.prependFixture({
      match: { endpoint: 'chat', predicate: (request) => request.model === model },
      response: ({ messages }) => {
        const spoke = messages.findLastIndex(({ role }) => role === 'user');
        const read = messages
          .slice(spoke)
          .flatMap(({ role, content }) => (role === 'tool' && typeof content === 'string' ? [content] : []));
        return read.length > 0
          ? { content: `read: ${read.join(' | ')}` }
          : {
              content: '',
              toolCalls: calls.map((call, at) => ({
                id: `call_${at}`,
                name: call.name,
                arguments: JSON.stringify(call.arguments),
              })),
            };
      },
    });
    const { id } = await roost().api.createAgent(
      aPublicAgent({ model: { name: model }, tools: tools as never[] }),
    );
    return id;
  }

  async function open(agent_id: string, stream?: 'tokens'): Promise<PlainChat> {
    const chat = await PlainChat.open(roost().origin, agent_id, { stream });
    chats.push(chat);
    return chat;
  }

  async function replyTo(agent_id: string, content: string): Promise<string> {
    const chat = await open(agent_id);
    chat.say(content);
    return (await chat.waitFor((frame) => frame.type === 'message', 60_000)).content;
  }

  it('lend the tools of an MCP server that are allowed; the others cannot be called, whatever the model tries', async () => {
    const agent = await agentThatCalls(
      'mcp-model',
      [{ type: 'mcp', name: 'shop', url: shop.url, allowed_tools: ['find_article'] }],
      { name: 'shop_find_article', arguments: { name: 'tea' } },
      { name: 'shop_delete_article', arguments: { name: 'tea' } },
      { name: 'delete_article', arguments: { name: 'tea' } },
    );
    const reply = await replyTo(agent, 'How much tea is left?');
    expect(reply).toMatch(/^read: tea: 3 left \| There is no tool shop_delete_article.* \| There is no tool/);
    expect(deleted).toEqual([]);
    expect(shop.of('tools/call').map(({ params }) => params['name'])).toEqual(['find_article']);
  });

  it("search the web with the operator's key, which the model never sees", async () => {
    tavily.aimock.onSearch('tea', [
      { title: 'Tea', url: 'https://tea.example/', content: '3 euros', score: 1 },
    ]);
    const agent = await agentThatCalls('search-model', [{ type: 'web_search' }], {
      name: 'web_search',
      arguments: { query: 'tea' },
    });
    expect(await replyTo(agent, 'What is tea?')).toContain('https://tea.example/');
    expect(JSON.stringify(roost().model.requests())).not.toContain('canary');
  });

  it('ask the channel to authenticate the user: a frame, and a status to clients that know no such frame', async () => {
    const agent = await agentThatCalls('authorizing-model', [{ type: 'request_authorization' }], {
      name: 'request_authorization',
      arguments: {},
    });
    for (const stream of ['tokens', undefined] as const) {
      const chat = await open(agent, stream);
      chat.say('My orders?');
      const content = 'Please confirm who you are, so that I can go on.';
      const asked = await chat.waitFor((frame) => frame.content === content, 60_000);
      expect(asked).toMatchObject(
        stream === 'tokens'
          ? { type: 'authorization_request', fields: ['phone_number'] }
          : { type: 'status', code: 'authorization_request', state: 'running', agent_id: agent },
      );
      await chat.waitFor((frame) => frame.type === 'message', 60_000);
    }
  });

  it('hand over to another agent, which sleeps, and answer with what it said', async () => {
    const accounting = await agentThatCalls('accounting-model', [{ type: 'user_info' }], {
      name: 'user_info',
      arguments: {},
    });
    const handoff = { type: 'handoff', name: 'ask', description: 'Asks accounting.', agent_id: accounting };
    const desk = await agentThatCalls('desk-model', [handoff], {
      name: 'ask',
      arguments: { message: 'Who asks?' },
    });
    const { thread_id } = await roost().api.say(desk, {
      content: 'Do I owe anything?',
      user_id: 'customer-42',
    });
    const reply = await until(
      'the desk has answered',
      async () => (await roost().api.messages(thread_id)).items.find(({ role }) => role === 'assistant'),
      60_000,
    );
    expect(reply.content).toBe('read: read: {"channel":"api","user_id":"customer-42","user_data":{}}');
  });

  it('end a circle of agents at the depth limit, with answers all the way back', async () => {
    const agent = await agentThatCalls('circle-model', [], {
      name: 'ask',
      arguments: { message: 'And you?' },
    });
    await roost().api.patchAgent(agent, {
      tools: [{ type: 'handoff', name: 'ask', description: 'Asks itself.', agent_id: agent }],
    });
    expect(await replyTo(agent, 'Begin.')).toMatch(
      /^(?:read: ){4}The other agent gave no answer: .*at most 3 times/,
    );
  });
});
