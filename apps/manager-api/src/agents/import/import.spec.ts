import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../../test/manager.harness';

const base = 'kb_3nX0vQ8yZrT5bKcW1mJdLe';
/** As the Python service kept it. */
const former = {
  simple: {
    settings: {
      name: 'Tea shop',
      model: {
        provider: 'OpenAI',
        modelId: 'gpt-4o',
        temperature: 0.2,
        systemPrompt: 'You sell tea.',
        limitToKnowledgeBase: true,
        contextMemoryDepth: 8,
      },
      tools: [
        { type: 'knowledgeBase', knowledgeBaseIds: ['17'], retrievalLimit: 4 },
        { type: 'webSearch', searchLimit: 3 },
        {
          type: 'apiRequest',
          name: 'Find order',
          apiUrl: 'https://shop.example/orders/{order_id}',
          method: 'GET',
          headers: [{ key: 'Authorization', value: 'Bearer s3cr3t-of-the-shop' }],
          params: [{ key: 'phone', value: '{phone_number}' }],
        },
      ],
      integrations: [{ type: 'telegram', token: '42:tg-s3cr3t' }],
    },
  },
};
const withTools = (...tools: unknown[]) => ({
  config: { simple: { settings: { model: { modelId: 'm' }, tools } } },
});

describe('an agent of the Python service', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());
  const post = (body: unknown) => manager.call('POST', '/agents/import', body);

  it('becomes an agent like any other, and what it lost is told', async () => {
    const { status, body } = await post({ config: former, knowledge_bases: { '17': base } });
    expect(status).toBe(201);
    expect(body.agent).toMatchObject({
      name: 'Tea shop',
      model: { provider: 'openai', name: 'gpt-4o', temperature: 0.2 },
      system_prompt: 'You sell tea.',
      memory: { depth: 8 },
      knowledge: { limit_to_knowledge_base: true },
      tools: [
        { type: 'knowledge_base', knowledge_base_ids: [base], retrieval_limit: 4 },
        { type: 'web_search', limit: 3 },
        {
          type: 'http_request',
          name: 'Find_order',
          headers: { Authorization: '{secret.find_order_authorization}' },
          query: { phone: '{user.phone_number}' },
        },
      ],
      secret_names: ['find_order_authorization'],
    });
    expect(body.left_out.map(({ path }: { path: string }) => path)).toEqual([
      'config.simple.settings.tools.2.headers',
      'config.simple.settings.integrations.0',
    ]);
    expect(JSON.stringify(body)).not.toMatch(/s3cr3t/);
    expect((await manager.call('GET', `/agents/${body.agent.id}`)).body).toEqual(body.agent);
  });

  it('is taken over without the tools that cannot be, and each is told with its reason', async () => {
    const { status, body } = await post(
      withTools(
        { type: 'apiRequest', name: 'tenant', apiUrl: 'https://{tenant}.example/orders' },
        { type: 'apiRequest', name: 'login', apiUrl: 'https://me:hunter2@shop.example' },
        { type: 'webSearch' },
      ),
    );
    expect(status).toBe(201);
    expect(body.agent.tools).toMatchObject([{ type: 'web_search' }]);
    expect(body.left_out).toEqual([
      {
        path: 'config.simple.settings.tools.0',
        reason: expect.stringContaining('url: must name its host'),
      },
      {
        path: 'config.simple.settings.tools.1',
        reason: expect.stringContaining('url: must name its host'),
      },
    ]);
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it('has as many tools as an agent may', async () => {
    const { body } = await post(withTools(...Array.from({ length: 65 }, () => ({ type: 'webSearch' }))));
    expect(body.agent.tools).toHaveLength(64);
    expect(body.left_out).toEqual([
      { path: 'config.simple.settings.tools.64', reason: 'an agent has at most 64 tools' },
    ]);
  });

  it('that was limited to a knowledge base says so when it has none any more', async () => {
    const { body } = await post({ config: former });
    expect(body.agent.knowledge).toMatchObject({ limit_to_knowledge_base: false });
    expect(body.left_out.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining([
        'config.simple.settings.model.limitToKnowledgeBase',
        'config.simple.settings.tools.0.knowledgeBaseIds.0',
      ]),
    );
  });

  it('takes what is sent beside it', async () => {
    const { body } = await post({
      config: former,
      name: 'Other',
      overrides: { model: { temperature: 1 }, tools: [] },
    });
    expect(body.agent).toMatchObject({
      name: 'Other',
      model: { name: 'gpt-4o', temperature: 1 },
      tools: [],
    });
  });

  it.each([
    ['no settings', { config: {} }, 'config'],
    ['no config', {}, 'config'],
    ['a knowledge base that is no id', { config: former, knowledge_bases: { 17: 4 } }, 'knowledge_bases.17'],
    ['no model', { config: { simple: { settings: {} } } }, 'model.name'],
    ['a wrong override', { config: former, overrides: { memory: { depth: 'deep' } } }, 'memory.depth'],
  ])('with %s is refused, naming the field', async (_what, body, field) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(answer.body.errors[0].field).toBe(field);
  });
});
