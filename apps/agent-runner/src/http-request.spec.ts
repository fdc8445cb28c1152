import type { InboxEntry } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { JournalServer } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { callsThenSays, httpTool, toolAnswers, toolCall } from './test/scripted.tools';

const token = 'tok-canary/0123456789+=';

let redis: RedisProcess;
let agent: AgentFixture;
let shop: JournalServer;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  [agent, shop] = await Promise.all([AgentFixture.create(redis.url), JournalServer.start()]);
  agent.allowed_hosts = [shop.host];
  agent.secrets = { shop_token: token };
});
afterEach(async () => {
  await agent.destroy();
  await shop.stop();
});

/** What the model reads of one call of the tool, after a message with these changes. */
async function answerRead(
  tool: Partial<ReturnType<typeof httpTool>>,
  args: object = {},
  message: Partial<InboxEntry> = {},
): Promise<string> {
  agent.configure(1, { tools: [httpTool({ url: shop.origin, ...tool })] });
  callsThenSays(agent.model, [toolCall('book', args)], 'Done.');
  await agent.startRunner();
  expect(await agent.reportOn(await agent.send('Book it.', message))).toMatchObject({ content: 'Done.' });
  return toolAnswers(agent.model.getLastRequest()?.body as never).join();
}

const ada = { user_id: 'ada', user_data: { phone_number: '+49 1', vip: true } };

describe('placeholders of the user', () => {
  it('stand for what a trusted party said, in path, query, headers and body', async () => {
    await answerRead(
      {
        url: `${shop.origin}/users/{user.id}`,
        query: { phone: '{user.phone_number}' },
        headers: { 'x-phone': 'tel {user.phone_number}' },
        body: { phone: '{user.phone_number}', vip: '{user.vip}', note: 'of {user.id}' },
      },
      {},
      ada,
    );
    expect(shop.journal).toMatchObject([
      { url: '/users/ada?phone=%2B49+1', headers: { 'x-phone': 'tel +49 1' } },
    ]);
    expect(JSON.parse(shop.journal[0]?.body ?? '')).toEqual({ phone: '+49 1', vip: true, note: 'of ada' });
  });

  it('are never set by the model, not even where it may set an argument named user', async () => {
    await answerRead(
      {
        body: { of: '{user.phone_number}', said: '{user}' },
        parameters: { type: 'object', properties: { user: {} }, additionalProperties: true },
      },
      { user: { phone_number: '666' }, 'user.phone_number': '666' },
      ada,
    );
    expect(JSON.parse(shop.journal[0]?.body ?? '')).toEqual({ of: '+49 1', said: { phone_number: '666' } });
  });

  it('are not filled from what a client only claims: the model is told what is missing', async () => {
    const answer = await answerRead(
      { query: { phone: '{user.phone_number}' } },
      {},
      { claimed: { user_id: 'ada', user_data: { phone_number: '+49 1' } } },
    );
    expect(answer).toMatch(/^The user's phone_number is not known. Use request_authorization/);
    expect(shop.journal).toEqual([]);
  });

  it('name nothing that every object has', async () => {
    expect(await answerRead({ body: { x: '{user.constructor}' } }, {}, ada)).toContain('is not known');
  });

  it('bring no further header and no further template', async () => {
    const evil = 'a\r\nx-evil: 1';
    expect(
      await answerRead({ headers: { 'x-name': '{user.name}' } }, {}, { user_data: { name: evil } }),
    ).toContain('characters that no header may hold');
    expect(shop.journal).toEqual([]);
  });

  it('are filled once: what they bring is text', async () => {
    await answerRead(
      {
        body: { said: '{said}', name: 'I am {user.name}' },
        parameters: { type: 'object', properties: { said: {} } },
      },
      { said: '{secret.shop_token}' },
      { user_data: { name: '{secret.shop_token}' } },
    );
    expect(JSON.parse(shop.journal[0]?.body ?? '')).toEqual({
      said: '{secret.shop_token}',
      name: 'I am {secret.shop_token}',
    });
  });
});

describe('secrets', () => {
  it('go where the configuration sends them, and are not shown to the model', async () => {
    await answerRead({
      headers: { authorization: 'Bearer {secret.shop_token}' },
      query: { key: '{secret.shop_token}' },
      body: { key: '{secret.shop_token}' },
    });
    expect(shop.journal).toMatchObject([
      {
        url: `/?${new URLSearchParams({ key: token }).toString()}`,
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ key: token }),
      },
    ]);
    expect(JSON.stringify(agent.model.getRequests())).not.toContain('canary');
  });

  it.each<[string, (text: string) => string]>([
    ['plain', (text) => text],
    ['in JSON', (text) => JSON.stringify({ [text]: text })],
    ['in a URL', (text) => encodeURIComponent(text)],
    ['in base64', (text) => Buffer.from(text).toString('base64')],
  ])('are masked in answers that echo them: %s', async (_how, echo) => {
    shop.answer = () => ({ body: `You sent ${echo(token)}!` });
    const answer = await answerRead({ headers: { authorization: '{secret.shop_token}' } });
    expect(answer).toContain('[secret]');
    expect(answer).not.toContain(echo(token));
    expect(answer).not.toContain('canary');
  });

  it('do not follow a redirect to another host', async () => {
    const thief = await JournalServer.start();
    agent.allowed_hosts = [shop.host, thief.host];
    shop.answer = () => ({ status: 302, headers: { location: thief.origin } });
    await answerRead({
      method: 'GET',
      headers: { authorization: 'Bearer {secret.shop_token}', 'x-key': '{secret.shop_token}' },
    });
    await thief.stop();
    expect(thief.journal).toHaveLength(1);
    expect(JSON.stringify(thief.journal)).not.toContain('canary');
  });

  it('that are not there make no request', async () => {
    agent.secrets = {};
    expect(await answerRead({ headers: { a: '{secret.shop_token}' } })).toContain('shop_token is not set');
    expect(shop.journal).toEqual([]);
  });
});

describe('answer_path', () => {
  const orders = {
    orders: [
      { id: 1, status: 'sent' },
      { id: 2, status: 'open' },
    ],
    note: 'two',
  };
  it.each([
    ['$.note', 'two'],
    ['$.orders[*].status', '["sent","open"]'],
    ['$.orders[?@.id == 2].status', 'open'],
    ['$.orders[0]', '{"id":1,"status":"sent"}'],
    ['$.none', 'Nothing was found at $.none of the answer.'],
  ])('%s shows the model what is there', async (answer_path, shown) => {
    shop.answer = () => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(orders) });
    expect(await answerRead({ answer_path })).toBe(shown);
  });

  it('leaves a failure as it is', async () => {
    shop.answer = () => ({ status: 404, body: '{"why":"gone"}' });
    expect(await answerRead({ answer_path: '$.why' })).toBe('HTTP 404\n{"why":"gone"}');
  });

  it('says when an answer is not JSON', async () => {
    shop.answer = () => ({ body: '<html>' });
    expect(await answerRead({ answer_path: '$.why' })).toContain('not JSON');
  });
});

describe('a tool that cannot be made', () => {
  it('is told of under its name, and leaves the others as they are', async () => {
    const broken = httpTool({ name: 'broken', url: shop.origin, answer_path: '$.[' });
    agent.configure(1, { tools: [broken, httpTool({ url: shop.origin })] });
    callsThenSays(agent.model, [toolCall('broken', {}), toolCall('book', {})], 'Done.');
    await agent.startRunner();
    await agent.reportOn(await agent.send('Both.'));
    expect(toolAnswers(agent.model.getLastRequest()?.body as never)).toEqual([
      'The tool broken cannot be used now: it is not configured correctly.',
      'done',
    ]);
  });
});
