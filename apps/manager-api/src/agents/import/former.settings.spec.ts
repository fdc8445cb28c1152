import { describe, expect, it } from 'vitest';
import { importSettings } from './former.settings';
import type { Fields } from './former.values';

const imported = (settings: Fields, bases: Record<string, string> = {}) => {
  const { configuration, tools, limit_to_knowledge_base, left_out } = importSettings(
    settings,
    'Shop',
    'settings',
    new Map(Object.entries(bases)),
  );
  return {
    ...configuration,
    tools: tools.map(({ tool }) => tool),
    limit_to_knowledge_base,
    left_out: left_out.items,
  } as Fields & { tools: Fields[]; left_out: { path: string; reason: string }[] };
};
const headersOf = (reason: string) => ({
  path: 'settings.tools.0.headers',
  reason: expect.stringContaining(reason),
});
const pathsOf = ({ left_out }: { left_out: { path: string }[] }) => left_out.map(({ path }) => path).sort();
const request = (settings: Fields) => imported({ tools: [{ type: 'apiRequest', ...settings }] });

describe('a configuration of the Python service', () => {
  it('keeps what its model said', () => {
    const { left_out, ...configuration } = imported({
      model: {
        provider: 'OpenAI',
        modelId: 'gpt-4o',
        temperature: 0.3,
        systemPrompt: 'You sell tea.',
        limitToKnowledgeBase: false,
        answerInUserLanguage: false,
        useMarkdown: true,
        enableContextMemory: true,
        contextMemoryDepth: 12,
      },
    });
    expect(configuration).toEqual({
      name: 'Shop',
      system_prompt: 'You sell tea.',
      answer_in_user_language: false,
      use_markdown: true,
      model: { provider: 'openai', name: 'gpt-4o', temperature: 0.3 },
      memory: { enabled: true, depth: 12 },
      tools: [],
      limit_to_knowledge_base: false,
    });
    expect(left_out).toEqual([]);
  });

  it.each([
    [{ contextMemoryDepth: 0 }, { enabled: false }, null],
    [{ contextMemoryDepth: '30', enableContextMemory: false }, { depth: 30, enabled: false }, null],
    [{ contextMemoryDepth: 900 }, { depth: 200 }, 'settings.model.contextMemoryDepth'],
  ])('remembers as %j says', (model, memory, told) => {
    const result = imported({ model });
    expect(result['memory']).toEqual(memory);
    expect(result.left_out.map(({ path }) => path)).toEqual(told === null ? [] : [told]);
  });

  it('says what it does not know, and where', () => {
    const result = imported({
      theme: 'dark',
      model: { provider: 'Anthropic', modelId: 'x', topK: 3, temperature: 7 },
      tools: [{ type: 'calendar' }, 'rubbish', { type: 'webSearch', enabled: false }],
      integrations: [{ type: 'telegram', token: 'secret-token' }],
    });
    expect(pathsOf(result)).toEqual([
      'settings.integrations.0',
      'settings.model.provider',
      'settings.model.temperature',
      'settings.model.topK',
      'settings.theme',
      'settings.tools.0',
      'settings.tools.1',
      'settings.tools.2',
    ]);
    expect(JSON.stringify(result)).not.toContain('secret-token');
  });

  it('says what it knows and cannot read', () => {
    const result = imported({
      description: ['a', 'list'],
      model: {
        temperature: 'hot',
        maxTokens: -3,
        systemPrompt: 5,
        useMarkdown: 'yes',
        contextMemoryDepth: 'deep',
        answerInUserLanguage: null,
      },
      tools: [{ type: 'webSearch', searchLimit: 'all', name: {}, enabled: 'no', settings: 'none' }],
      integrations: {},
    });
    expect(pathsOf(result)).toEqual([
      'settings.description',
      'settings.integrations',
      'settings.model.contextMemoryDepth',
      'settings.model.maxTokens',
      'settings.model.systemPrompt',
      'settings.model.temperature',
      'settings.model.useMarkdown',
      'settings.tools.0.enabled',
      'settings.tools.0.name',
      'settings.tools.0.searchLimit',
      'settings.tools.0.settings',
    ]);
    expect(result).toMatchObject({ name: 'Shop', model: {}, memory: {}, tools: [{ type: 'web_search' }] });
  });

  it('says when it has no tools that can be read', () => {
    expect(pathsOf(imported({ model: 'gpt-4o', tools: { type: 'webSearch' } }))).toEqual([
      'settings.model',
      'settings.tools',
    ]);
  });

  it('cuts texts that are too long, and says so', () => {
    const result = imported({ description: 'd'.repeat(3_000) });
    expect(result['description']).toHaveLength(2_000);
    expect(pathsOf(result)).toEqual(['settings.description']);
  });
});

describe('its tools', () => {
  it('search the knowledge bases that were named, and only those', () => {
    const result = imported(
      {
        model: { limitToKnowledgeBase: true },
        tools: [
          { type: 'knowledgeBase', knowledgeBaseIds: [17, '18'], retrievalLimit: 4, rewriteAttempts: 9 },
          { type: 'knowledgeBase', knowledgeBaseIds: ['19'] },
        ],
      },
      { '17': 'kb_a' },
    );
    expect(result.tools).toEqual([
      {
        type: 'knowledge_base',
        name: 'knowledge_base',
        description: 'Searches the knowledge base.',
        knowledge_base_ids: ['kb_a'],
        retrieval_limit: 4,
        rewrite_attempts: 5,
      },
    ]);
    expect(result).toMatchObject({ limit_to_knowledge_base: true });
    expect(pathsOf(result)).toEqual([
      'settings.tools.0.knowledgeBaseIds.1',
      'settings.tools.0.rewriteAttempts',
      'settings.tools.1',
      'settings.tools.1.knowledgeBaseIds.0',
    ]);
  });

  it('search the web', () => {
    expect(imported({ tools: [{ type: 'webSearch', settings: { searchLimit: 3 } }] }).tools).toEqual([
      { type: 'web_search', name: 'web_search', limit: 3 },
    ]);
  });

  it('get names that models take, each another', () => {
    const tools = ['Find order!', 'Find order?', '42', undefined].map((name) => ({
      type: 'webSearch',
      name,
    }));
    expect(imported({ tools }).tools.map(({ name }) => name)).toEqual([
      'Find_order',
      'Find_order_2',
      'web_search',
      'web_search_2',
    ]);
  });
});

describe('its requests', () => {
  it('take parameters from the model and from what is known of the user, apart', () => {
    const { tools } = request({
      name: 'orders',
      apiUrl: 'https://shop.example/orders/{order_id}',
      params: [
        { key: 'phone', value: '{phone_number}' },
        { key: 'lang', value: 'en' },
        { key: 'size', value: '' },
      ],
    });
    expect(tools).toEqual([
      {
        type: 'http_request',
        name: 'orders',
        description: 'Sends a GET request to shop.example.',
        method: 'GET',
        url: 'https://shop.example/orders/{order_id}',
        headers: {},
        query: { phone: '{user.phone_number}', lang: 'en', size: '{size}' },
        parameters: {
          type: 'object',
          properties: { order_id: { type: 'string' }, size: { type: 'string' } },
          required: ['order_id', 'size'],
          additionalProperties: false,
        },
      },
    ]);
  });

  it('send parameters as a body where the method has one', () => {
    const { tools } = request({
      apiUrl: 'https://shop.example/orders',
      method: 'post',
      params: [{ key: 'item', value: '{item}' }],
    });
    expect(tools).toMatchObject([{ method: 'POST', body: { item: '{item}' } }]);
    expect(tools[0]).not.toHaveProperty('query');
  });

  it('keep credentials as secrets', () => {
    const { tools, secrets, left_out } = request({
      name: 'crm',
      apiUrl: 'https://crm.example/v1',
      headers: [
        { key: 'Authorization', value: 'Bearer s3cret' },
        { key: 'Accept', value: 'application/json' },
      ],
    });
    expect(tools).toMatchObject([
      { headers: { Authorization: '{secret.crm_authorization}', Accept: 'application/json' } },
    ]);
    expect(secrets).toEqual({ crm_authorization: 'Bearer s3cret' });
    expect(JSON.stringify(left_out)).not.toContain('s3cret');
  });

  it('keep credentials in parameters as secrets, too, and those of two hosts apart', () => {
    const tool = (name: string, host: string, key: string) => ({
      type: 'apiRequest',
      name,
      apiUrl: `https://${host}.example/v1`,
      params: [{ key: 'api_key', value: key }],
    });
    const { tools, secrets } = imported({
      tools: [tool('crm', 'a', 'key-of-a-1'), tool('CRM', 'b', 'key-of-b-2')],
    });
    expect(secrets).toEqual({ crm_api_key: 'key-of-a-1', crm_api_key_2: 'key-of-b-2' });
    expect(tools).toMatchObject([
      { query: { api_key: '{secret.crm_api_key}' } },
      { query: { api_key: '{secret.crm_api_key_2}' } },
    ]);
  });

  it('keep credentials of their address as secrets, beside it', () => {
    const { tools, secrets, left_out } = request({
      name: 'maps',
      apiUrl: 'https://maps.example/v1?lang=en&api_key=k3y%2Bk3yk3y&q={q}#top',
      method: 'POST',
    });
    expect(tools).toMatchObject([
      {
        url: 'https://maps.example/v1?lang=en&q={q}',
        query: { api_key: '{secret.maps_api_key}' },
        parameters: { required: ['q'] },
      },
    ]);
    expect(secrets).toEqual({ maps_api_key: 'k3y+k3yk3y' });
    expect(left_out.map(({ path }) => path)).toEqual(['settings.tools.0.apiUrl', 'settings.tools.0.apiUrl']);
  });

  it('name a credential of the address as its service does', () => {
    const { tools } = request({ name: 'a', apiUrl: 'https://a.example?filter%5Btoken%5D=abcdefghij' });
    expect(tools).toMatchObject([{ query: { 'filter[token]': '{secret.a_filter_token}' } }]);
  });

  it('send each parameter once, and tell which they do not', () => {
    const { tools, left_out } = request({
      apiUrl: 'https://a.example?token=abcdefghij',
      params: [
        { key: 'tag', value: 'a' },
        { key: 'tag', value: 'b' },
        { key: 'token', value: '' },
      ],
    });
    expect(tools).toMatchObject([{ query: { token: '{secret.api_request_token}', tag: 'a' } }]);
    expect(left_out.map(({ path }) => path)).toEqual([
      'settings.tools.0.apiUrl',
      'settings.tools.0.params.1',
      'settings.tools.0.params',
    ]);
  });

  it('fill headers with what is known of the user, and with nothing of the model', () => {
    const { tools, left_out } = request({
      apiUrl: 'https://x.example',
      headers: [
        { key: 'X-User', value: '{user_id}' },
        { key: 'Authorization', value: 'Bearer {session}' },
        { key: 'Host', value: 'y.example' },
        { key: 'X-Name', value: 'Zoë' },
        { value: 'no name' },
      ],
    });
    expect(tools).toMatchObject([{ headers: { 'X-User': '{user.id}' }, parameters: { required: [] } }]);
    expect(left_out).toEqual([
      { path: 'settings.tools.0.headers.4', reason: 'has no key' },
      headersOf('{session}'),
      headersOf('Host is set by the service'),
      headersOf('X-Name'),
    ]);
  });

  it('say what was too short to be a secret', () => {
    const { tools, left_out } = request({
      apiUrl: 'https://x.example',
      headers: [{ key: 'X-Token', value: '123' }],
    });
    expect(tools).toMatchObject([{ headers: {} }]);
    expect(left_out.map(({ path }) => path)).toEqual(['settings.tools.0.headers']);
  });

  it.each([
    [{ apiUrl: 'ftp://x' }, 'settings.tools.0.apiUrl'],
    [{ apiUrl: 'https://x.example', method: 'TRACE' }, 'settings.tools.0.method'],
  ])('are left out when they are %j', (settings, path) => {
    const { tools, left_out } = request(settings);
    expect(tools).toEqual([]);
    expect(left_out.map((entry) => entry.path)).toEqual([path]);
  });
});
