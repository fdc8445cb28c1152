import type { McpServer } from '@modelcontextprotocol/server';
import type { AgentRuntimeConfiguration, AgentTool } from '@roost/contracts';
import { RemoteMcpServer } from '@roost/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ManagerClient } from '../../exchange/manager.client';
import { basicConfiguration } from '../../test/agent.fixture';
import { aCall, mcpTool } from '../../test/remote.tools';
import { ToolboxFactory } from '../toolbox.factory';
import type { Toolbox } from '../toolbox';
import { toolName } from './mcp.definition';

const servers: RemoteMcpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const articles = (server: McpServer): void => {
  server.registerTool(
    'find_article',
    { description: 'Finds an article.', inputSchema: z.object({ name: z.string() }) },
    ({ name }) => ({ content: [{ type: 'text', text: `${name}: 3 left` }] }),
  );
  server.registerTool('delete_article', { description: 'Deletes.' }, () => ({
    content: [{ type: 'text', text: 'deleted' }],
  }));
};

async function serve(
  ...[offer, ...more]: Parameters<typeof RemoteMcpServer.start>
): Promise<RemoteMcpServer> {
  const server = await RemoteMcpServer.start(offer, ...more);
  servers.push(server);
  return server;
}

const runtimeOf = (allowed_hosts: string[], ...tools: AgentTool[]): AgentRuntimeConfiguration => ({
  agent_id: 'agent_test_0000',
  version: 1,
  configuration: { ...basicConfiguration, tools },
  model: { base_url: 'http://127.0.0.1:1', api_key: null },
  outbound: { allowed_hosts },
});

const factory = (): ToolboxFactory => new ToolboxFactory(new ManagerClient('http://127.0.0.1:1', null));

async function boxOf(
  server: RemoteMcpServer,
  changes: Partial<Parameters<typeof mcpTool>[0]> = {},
): Promise<Toolbox> {
  const box = await factory().of(runtimeOf([server.host], mcpTool({ url: server.url, ...changes })));
  if (!box) throw new Error('no tools');
  return box;
}

const names = (box: Toolbox | null): string[] =>
  (box?.definitions ?? []).map(({ function: { name } }) => name);

describe.each(['sessions', 'modern'] as const)('a remote MCP server (%s)', (kind) => {
  it('lends the allowed tools and no other: one that is not listed is neither offered nor called', async () => {
    const server = await serve(articles, kind);
    const box = await boxOf(server);
    expect(box.definitions).toMatchObject([
      {
        function: {
          name: 'shop_find_article',
          description: 'Finds an article.',
          parameters: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        },
      },
    ]);
    const answer = await box.call('shop_delete_article', {}, aCall());
    expect(answer).toEqual({ ok: false, content: expect.stringContaining('There is no tool') });
    expect(server.of('tools/call')).toEqual([]);
  });

  it('is called with the arguments, the headers of the tool and the idempotency key of the call', async () => {
    const server = await serve(articles, kind);
    const box = await boxOf(server, { headers: { authorization: 'Bearer canary' } });
    expect(await box.call('shop_find_article', { name: 'tea' }, aCall())).toEqual({
      ok: true,
      content: 'tea: 3 left',
    });
    expect(server.of('tools/call')).toMatchObject([
      {
        headers: { authorization: 'Bearer canary', 'idempotency-key': 'msg_1:0:0' },
        params: {
          name: 'find_article',
          arguments: { name: 'tea' },
          _meta: { 'roost/idempotency-key': 'msg_1:0:0' },
        },
      },
    ]);
  });

  it('gives each call a session of its own and leaves none open', async () => {
    const server = await serve(articles, kind);
    const box = await boxOf(server);
    await Promise.all([1, 2].map(() => box.call('shop_find_article', { name: 'tea' }, aCall())));
    const sessions = server.of('tools/call').map(({ headers }) => headers['mcp-session-id']);
    if (kind === 'sessions') expect(new Set(sessions).size).toBe(2);
    await vi.waitFor(() => expect(server.openSessions).toBe(0));
    expect(server.seen.filter(({ http_method }) => http_method === 'GET')).toEqual([]);
  });

  it('that says a call failed gives the model something to read; what is no text is named', async () => {
    const server = await serve((offered) => {
      offered.registerTool('find_article', {}, () => ({
        isError: true,
        content: [
          { type: 'text', text: 'No such article.' },
          { type: 'image', data: 'AAAA', mimeType: 'image/png' },
          { type: 'resource_link', name: 'list', uri: 'shop://list' },
        ],
      }));
    }, kind);
    expect(await (await boxOf(server)).call('shop_find_article', {}, aCall())).toEqual({
      ok: false,
      content: 'No such article.\n(image: image/png, 3 bytes)\n(link: list, shop://list)',
    });
  });

  it('that answers too much, too late or brokenly is a failure the model reads', async () => {
    const server = await serve((offered) => {
      offered.registerTool(
        'find_article',
        { inputSchema: z.object({ how: z.string() }) },
        async ({ how }) => {
          if (how === 'late') await new Promise(() => undefined);
          return { content: [{ type: 'text', text: 'x'.repeat(5_000) }] };
        },
      );
    }, kind);
    const box = await boxOf(server, { timeout_s: 1, response_bytes_max: 4_000 });
    const call = (how: string) => box.call('shop_find_article', { how }, aCall());
    expect(await call('large')).toEqual({
      ok: false,
      content: expect.stringContaining('more than 4000 bytes'),
    });
    expect(await call('late')).toEqual({ ok: false, content: expect.stringContaining('within 1 seconds') });
    server.intercept = ({ method }, response) => {
      if (method !== 'tools/call') return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: nonsense\n\n');
      return true;
    };
    const broken = await call('broken');
    expect(broken).toEqual({ ok: false, content: expect.stringContaining('ended its answer') });
  });

  it('that redirects to another host gets neither call nor credential there', async () => {
    const elsewhere = await serve(articles, kind);
    const server = await serve(articles, kind);
    const box = await factory().of(
      runtimeOf([server.host, elsewhere.host], mcpTool({ url: server.url, headers: { 'x-key': 'canary' } })),
    );
    server.intercept = (_seen, response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
      return true;
    };
    expect(await box?.call('shop_find_article', { name: 'tea' }, aCall())).toMatchObject({ ok: false });
    expect(elsewhere.seen).toEqual([]);
  });
});

describe('the tools of remote servers', () => {
  it('are named to the model as away while their server is, and asked for again by the next run', async () => {
    const server = await serve(articles);
    const { host, url } = server;
    const boxes = factory();
    const runtime = runtimeOf([host], mcpTool({ url }));
    await server.stop();
    servers.length = 0;
    const away = await boxes.of(runtime);
    expect(away?.definitions).toMatchObject([
      { function: { name: 'shop', description: expect.stringContaining('Cannot be used now: ') } },
    ]);
    expect(await away?.call('shop', {}, aCall())).toMatchObject({ ok: false });
    await serve(articles, 'sessions', Number(new URL(url).port));
    expect(names(await boxes.of(runtime))).toEqual(['shop_find_article']);
  });

  it('are listed once for many runs, and again after the server has said that they changed', async () => {
    const server = await serve((offered) => {
      const tool = offered.registerTool('find_article', {}, () => {
        tool.update({ description: 'Changed.' });
        return { content: [] };
      });
    });
    const boxes = factory();
    const runtime = runtimeOf([server.host], mcpTool({ url: server.url }));
    const first = await boxes.of(runtime);
    expect(await boxes.of(runtime)).toBe(first);
    expect(server.of('tools/list')).toHaveLength(1);
    server.intercept = ({ method }, response) => {
      if (method !== 'tools/call') return false;
      const changed = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };
      const id = server.seen.length;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(changed)}\n\n`);
      response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } })}\n\n`);
      return true;
    };
    await first?.call('shop_find_article', {}, aCall());
    await vi.waitFor(async () => {
      await boxes.of(runtime);
      expect(server.of('tools/list')).toHaveLength(2);
    });
  });

  it('that reach a private address without the permission of the operator are away', async () => {
    const server = await serve(articles);
    const box = await factory().of(runtimeOf([], mcpTool({ url: server.url })));
    expect(box?.definitions).toMatchObject([
      { function: { name: 'shop', description: expect.stringContaining('is not open to agents') } },
    ]);
    expect(server.seen).toEqual([]);
  });

  it('take no more of the model than they may: long descriptions are cut, huge schemas left out', async () => {
    const server = await serve((offered) => {
      offered.registerTool('find_article', { description: 'long '.repeat(10_000) }, () => ({ content: [] }));
      const huge = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`field_${at}`, z.string()]));
      offered.registerTool('huge', { inputSchema: z.object(huge) }, () => ({ content: [] }));
    });
    const box = await boxOf(server, { allowed_tools: ['find_article', 'huge'], description: 'Our stock.' });
    expect(names(box)).toEqual(['shop_find_article']);
    const description = box.definitions[0]?.function.description ?? '';
    expect(description).toMatch(/^Our stock\.\nlong/);
    expect(description.length).toBeLessThan(1_100);
  });

  it('say what the server offers when none of it is allowed', async () => {
    const server = await serve(articles);
    const box = await boxOf(server, { allowed_tools: ['find_articles'] });
    expect(box.definitions[0]?.function.description).toContain('it offers find_article, delete_article');
  });

  it('end with the run that calls them', async () => {
    const server = await serve((offered) => {
      offered.registerTool('find_article', {}, () => new Promise(() => undefined));
    });
    const box = await boxOf(server);
    const stop = new AbortController();
    const call = box.call('shop_find_article', {}, aCall({ signal: stop.signal }));
    await vi.waitFor(() => expect(server.of('tools/call')).toHaveLength(1));
    stop.abort(new Error('stopped'));
    await expect(call).rejects.toThrow('stopped');
  });
});

describe('the name of a remote tool', () => {
  it('begins with that of its entry, fits models, and is never that of another', () => {
    expect(toolName('shop', 'find_article')).toBe('shop_find_article');
    const odd = [
      toolName('shop', 'find.article'),
      toolName('shop', 'find article'),
      toolName('shop', 'x'.repeat(100)),
    ];
    for (const name of odd) expect(name).toMatch(/^shop_[A-Za-z0-9_-]{1,59}$/);
    expect(new Set(odd).size).toBe(3);
  });
});
