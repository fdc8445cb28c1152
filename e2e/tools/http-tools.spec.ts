import { aPublicAgent, PlainChat } from '@roost/testing';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const token = 'tok-canary-0123456789';
const heard: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[] = [];
const shop = createServer((request, response) => {
  void text(request).then((body) => {
    heard.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    response.end(JSON.stringify({ orders: [{ status: 'sent' }], seen: request.headers['x-key'] }));
  });
}).listen(0, '127.0.0.1');
await once(shop, 'listening');
const host = `127.0.0.1:${(shop.address() as AddressInfo).port}`;
const origin = `http://${host}`;
afterAll(() => {
  shop.closeAllConnections();
  shop.close();
});

const tools = () => [
  {
    type: 'http_request' as const,
    name: 'find_orders',
    description: 'Finds orders.',
    method: 'POST' as const,
    url: `${origin}/users/{user.id}/orders/{folder}`,
    headers: { 'x-key': '{secret.shop_token}', 'x-phone': '{user.phone_number}' },
    query: { phone: '{user.phone_number}' },
    body: { note: '{note}', user: '{user}' },
    parameters: {
      type: 'object',
      properties: { folder: { type: 'string' }, note: {}, user: {} },
      required: ['folder'],
    },
  },
  {
    type: 'openapi' as const,
    name: 'shop',
    operations: ['getOrder'],
    headers: { 'x-key': '{secret.shop_token}' },
    document: {
      openapi: '3.1.0',
      servers: [{ url: `${origin}/api` }],
      paths: {
        '/orders/{id}': {
          get: {
            operationId: 'getOrder',
            parameters: [
              { name: 'id', in: 'path', required: true, schema: {} },
              { name: 'X-Trace', in: 'header', schema: {} },
            ],
          },
        },
      },
    },
  },
];

describe('tools from configuration', () => {
  const roost = useInstallation({ env: { TOOL_ALLOWED_HOSTS: host } });
  let agent = '';
  beforeEach(async () => {
    heard.length = 0;
    const body = { ...aPublicAgent(), tools: tools(), secrets: { shop_token: token } };
    agent = (await roost().api.call<{ id: string }>({ method: 'POST', path: '/agents', body })).id;
  });

  /** What the model reads of these calls, made for a user whom a chat token vouches for. */
  const answersTo = async (calls: { name: string; arguments: object }[], user_data?: object) => {
    const { model, api } = roost();
    model.callTools(calls, { before: '', after: 'Done.' });
    const issued =
      user_data && (await api.createChatToken(agent, { user_id: 'ada', user_data: { ...user_data } }));
    const chat = await PlainChat.open(roost().origin, agent, issued ? { key: issued.token } : {});
    chat.say('Look.');
    await chat.reply();
    await chat.close();
    const { messages } = model.requests().at(-1) ?? { messages: [] };
    expect(JSON.stringify(model.requests())).not.toContain('canary');
    return messages.flatMap(({ role, content }) =>
      role === 'tool' && typeof content === 'string' ? [content] : [],
    );
  };

  it('take user and secret from elsewhere than the model, and a key for each call', async () => {
    const calls = [
      { name: 'find_orders', arguments: { folder: 'open', note: 'n', user: { id: 'eve' } } },
      { name: 'shop_getOrder', arguments: { id: '17' } },
    ];
    const answers = await answersTo(calls, { phone_number: '+49 1' });
    expect(answers).toHaveLength(2);
    expect(answers.join()).toContain('"seen":"[secret]"');
    const [post, get] = [...heard].sort((left, right) => right.method.localeCompare(left.method));
    expect(post).toMatchObject({
      url: '/users/ada/orders/open?phone=%2B49+1',
      headers: { 'x-key': token, 'x-phone': '+49 1', 'idempotency-key': expect.stringMatching(/:0:\d$/) },
    });
    expect(JSON.parse(post?.body ?? '')).toEqual({ note: 'n', user: { id: 'eve' } });
    expect(get).toMatchObject({ method: 'GET', url: '/api/orders/17', headers: { 'x-key': token } });
  });

  it('reach nothing they were not given, whatever a hostile model calls them with', async () => {
    const worst = [
      { folder: '..' },
      { folder: '%2e%2e' },
      { folder: '/../../admin?x=1#y' },
      { folder: 'a', 'user.id': 'eve', 'user.phone_number': '666' },
      { folder: '{secret.shop_token}', note: '{secret.shop_token}' },
      { folder: 'a', url: 'http://169.254.169.254/', host: 'evil.example', headers: { 'x-key': 'b' } },
      // More than a server reads of a URL; streamed in chunks of four characters, so no larger.
      { folder: 'x'.repeat(17_000) },
    ].map((args) => ({ name: 'find_orders', arguments: args }));
    const others = [
      { id: '../../admin' },
      { id: '..' },
      { id: '@evil.example/' },
      { id: 'a', 'X-Trace': 'b\r\nx-evil: 1' },
      { id: 'a', 'x-key': 'mine', server_url: 'http://127.0.0.1:1' },
    ].map((args) => ({ name: 'shop_getOrder', arguments: args }));
    const answers = await answersTo([...worst, ...others, { name: 'shell', arguments: {} }], {
      phone_number: '+49 1',
    });
    expect(answers).toHaveLength(13);
    // What the model writes is text, also where it looks like a placeholder.
    const bodies = heard.flatMap(({ method, body }) => (method === 'POST' ? [body] : []));
    expect(bodies.join()).not.toContain(token);
    expect(bodies.map((body) => (JSON.parse(body) as { note?: string }).note)).toContain(
      '{secret.shop_token}',
    );
    for (const { url, headers } of heard) {
      expect(url).toMatch(/^\/(?:users\/ada\/orders\/[^/?]+\?phone=%2B49\+1|api\/orders\/[^/?]+)$/);
      expect(headers).toMatchObject({ host, 'x-key': token });
      expect(headers).not.toHaveProperty('x-evil');
    }
  });

  it('make no request for a user who only claims who they are', async () => {
    const [answer] = await answersTo([{ name: 'find_orders', arguments: { folder: 'open' } }]);
    expect(answer).toMatch(/is not known/);
    expect(heard).toEqual([]);
  });

  it('reach no loopback that the operator did not open', async () => {
    const tool = { ...tools()[0], url: roost().manager.internalOrigin, headers: {}, query: {}, body: null };
    await roost().api.patchAgent(agent, { tools: [tool] });
    const [answer] = await answersTo([{ name: 'find_orders', arguments: { folder: 'x' } }]);
    expect(answer).toMatch(/let the operator allow/);
  });

  it('are tried without a model', async () => {
    const path = `/agents/${agent}/tools/shop_getOrder/test`;
    const answer = await roost().api.send({
      method: 'POST',
      path,
      body: { arguments: { id: '17' } },
      deadlineMs: 70_000,
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { ok: true, content: expect.stringContaining('[secret]') },
    });
    expect(heard).toMatchObject([{ url: '/api/orders/17' }]);
    expect(roost().model.requests()).toEqual([]);
  });
});
