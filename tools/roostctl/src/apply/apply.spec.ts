import { describe, expect, it } from 'vitest';
import type { Agent } from '../api/roost.client';
import { declarationReader } from './configuration.schema';
import { type Declaration, parseDocuments } from './declarations';
import { describe as described, differences, patchOf } from './differences';
import { planOf } from './plan';
import { resolveReferences, revealed } from './references';

const declared = async (yaml: string, env: Record<string, string> = {}): Promise<Declaration[]> => {
  const read = await declarationReader();
  return parseDocuments('agents.yaml', yaml).map(({ place, fields }) =>
    read(place, resolveReferences(place, fields, env)),
  );
};
const agent = (id: string, part: object): Agent => ({ id, secret_names: [], ...part }) as unknown as Agent;
const keep = { prune: false, secrets: false };

/** As the service stores `{ type: web_search }`. */
const WEB_SEARCH = {
  requires_approval: false,
  type: 'web_search',
  name: 'web_search',
  description: 'Searches the web. Answers with titles, addresses and excerpts of pages.',
  limit: 5,
  include_domains: [],
  exclude_domains: [],
};
const NO_PARAMETERS = { type: 'object', properties: {} };
const SHOP = 'name: Shop\nmodel: { name: gpt-4o-mini }\n';

describe('documents', () => {
  it('are many to a file, and empty ones are none', async () => {
    const all = await declared(`${SHOP}---\n# nothing\n---\nname: Other\nmodel: { name: m }\n`);
    expect(all.map(({ name, place }) => [name, place])).toEqual([
      ['Shop', 'agents.yaml, document 1'],
      ['Other', 'agents.yaml, document 3'],
    ]);
  });

  it.each([
    [`${SHOP}colour: red`, 'agents.yaml, document 1: colour: there is no such field'],
    ['name: Shop\nmodel: { name: m, temprature: 1 }', 'document 1: model.temprature: there is no such field'],
    [`${SHOP}tools: [{ type: web_search, name: w, depht: 2 }]`, 'tools[0].depht: there is no such field'],
    [`${SHOP}---\nname: Other`, 'agents.yaml, document 2: model: is missing'],
    [`${SHOP}status: running`, 'status: there is no such field'],
    ['just text', 'agents.yaml, document 1: must be an agent'],
    ['name: [', 'agents.yaml, document 1: line 1, column 8: this is no YAML (BAD_INDENT)'],
    [`${SHOP}tools: [{ name: w }]`, 'document 1: tools[0].type: is missing'],
    [`${SHOP}tools: [{ type: search }]`, 'tools[0].type: must be one of http_request, knowledge_base,'],
    [`${SHOP}a: *none`, 'document 1: an alias (*name) has no anchor'],
    [`${SHOP}system_prompt: \${NOT_SET}`, 'system_prompt: the variable NOT_SET is not set'],
  ])('that are wrong are refused with file, document and path: %j', async (yaml, message) => {
    await expect(declared(yaml)).rejects.toMatchObject({
      exit_code: 2,
      message: expect.stringContaining(message) as string,
    });
  });
});

it.each([
  ['which is no YAML', 'secrets: { token: canary-token ]'],
  ['which is only a text', 'canary-token'],
  ['in which a key is written twice', `${SHOP}secrets: { token: canary-token, token: canary-token }`],
  ['in which a secret does not fit', `${SHOP}integrations: [{ type: telegram, bot_token: canary-token }]`],
  ['in which a variable does not fit', `${SHOP}on_busy: "\${CANARY}"`],
])('the refusal of a document %s tells nothing of it', async (_, yaml) => {
  const refused = await declared(yaml, { CANARY: 'canary-env' }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ exit_code: 2 });
  expect(String(refused)).not.toContain('canary-');
});

describe('a plan', () => {
  const current = agent('agent_shop_ab12', {
    name: 'Shop',
    version: 3,
    model: { provider: 'openai', name: 'gpt-4o-mini', temperature: null },
    tools: [WEB_SEARCH],
    secret_names: ['token'],
  });

  it('keeps what is as declared, and what is not declared', async () => {
    const [one] = planOf(await declared(`${SHOP}tools: [{ type: web_search }]`), [current], keep);
    expect(one).toMatchObject({ kind: 'keep', agent: { id: 'agent_shop_ab12' } });
  });

  it('finds an agent by its id, to give it another name', async () => {
    const [one] = planOf(
      await declared(`id: agent_shop_ab12\n${SHOP.replace('Shop', 'Kiosk')}`),
      [current],
      keep,
    );
    expect(one).toMatchObject({ kind: 'change', found: [{ path: 'name', before: 'Shop', after: 'Kiosk' }] });
  });

  it('creates one of another name, and deletes the rest only when it is told to', async () => {
    const others = await declared(SHOP.replace('Shop', 'Kiosk'));
    expect(planOf(others, [current], keep).map(({ kind }) => kind)).toEqual(['create']);
    expect(planOf(others, [current], { ...keep, prune: true })).toMatchObject([
      { kind: 'create' },
      { kind: 'delete', agent: { id: 'agent_shop_ab12' } },
    ]);
  });

  it('refuses what could mean several agents, or one twice', async () => {
    const shop = await declared(SHOP);
    expect(() => planOf(shop, [current, { ...current, id: 'agent_shop_cd34' }], keep)).toThrow(
      /2 agents are called "Shop" \(agent_shop_ab12, agent_shop_cd34\); add the id/,
    );
    const twice = await declared(`${SHOP}---\n${SHOP}`);
    expect(() => planOf(twice, [current], keep)).toThrow('declares the same agent as');
    expect(() => planOf(twice, [], keep)).toThrow('declares the same agent as');
    const [unknown] = await declared(`id: agent_none_ab12\n${SHOP}`);
    expect(() => planOf(unknown ? [unknown] : [], [current], keep)).toThrow('id: there is no such agent');
  });

  it('tells an agent whose name is of the environment by the variable', async () => {
    const named = await declared(SHOP.replace('Shop', '${SHOP_NAME}'), { SHOP_NAME: 'Shop' });
    expect(() => planOf(named, [current, { ...current, id: 'agent_shop_cd34' }], keep)).toThrow(
      '2 agents are called "${SHOP_NAME}"',
    );
  });

  it('creates an agent without the key that null would remove from one that exists', async () => {
    const keyless = await declared('name: Shop\nmodel: { name: gpt-4o-mini, api_key: null }\n');
    expect(planOf(keyless, [], keep)).toMatchObject([
      { kind: 'create', declaration: { configuration: { model: { name: 'gpt-4o-mini' } } } },
    ]);
    expect(planOf(keyless, [], keep)[0]).not.toHaveProperty('declaration.configuration.model.api_key');
    expect(planOf(keyless, [current], { ...keep, secrets: true })).toMatchObject([
      { kind: 'change', found: [{ path: 'model.api_key', after: null }] },
    ]);
  });
});

describe('differences', () => {
  const differencesOf = async (yaml: string, current: object, env: Record<string, string> = {}) => {
    const [declaration] = await declared(`${SHOP}${yaml}`, env);
    if (!declaration) throw new Error('it declares nothing');
    const stored = { name: 'Shop', model: { name: 'gpt-4o-mini' }, ...current };
    const found = differences(declaration, stored, false);
    return { found, lines: found.map(described), patch: patchOf(declaration.configuration, found) };
  };

  it('are told by path, and the patch holds what they touch', async () => {
    const { lines, patch } = await differencesOf('tools: [{ type: web_search, limit: 3 }]', {
      model: { name: 'a', provider: 'openai' },
      tools: [WEB_SEARCH, { name: 'y' }],
    });
    expect(lines).toEqual([
      '  ~ model.name: "a" -> "gpt-4o-mini"',
      '  ~ tools[0].limit: 5 -> 3',
      '  - tools[1]: {"name":"y"}',
    ]);
    expect(patch).toEqual({ model: { name: 'gpt-4o-mini' }, tools: [{ type: 'web_search', limit: 3 }] });
  });

  it('in a list are also what it leaves out, for it is sent whole', async () => {
    const orders = 'type: http_request, name: orders, description: Orders., url: "https://shop.example/"';
    const stored = {
      type: 'http_request',
      name: 'orders',
      description: 'Orders.',
      url: 'https://shop.example/',
      requires_approval: true,
      headers: { 'X-Shop': 'riga', 'X-Old': 'yes' },
      body: { all: true },
    };
    const { lines, patch } = await differencesOf(`tools: [{ ${orders}, headers: { X-Shop: riga } }]`, {
      tools: [stored],
    });
    expect(lines).toEqual([
      '  - tools[0].headers.X-Old: "yes"',
      '  ~ tools[0].requires_approval: true -> false',
      '  ~ tools[0].body: {"all":true} -> null',
    ]);
    expect(patch['tools']).toMatchObject([{ headers: { 'X-Shop': 'riga' } }]);
    const { lines: none } = await differencesOf(`tools: [{ ${orders} }]`, {
      tools: [{ ...stored, requires_approval: false, headers: {}, body: null, parameters: NO_PARAMETERS }],
    });
    expect(none).toEqual([]);
  });

  it.each([
    ['null', null, ['  ~ integrations[0].allowed_chats: null -> []']],
    ['an empty list', [], []],
    ['a list', [42], ['  - integrations[0].allowed_chats[0]: 42']],
  ])('tell an empty list from %s', async (_, allowed_chats, lines) => {
    const current = { integrations: [{ type: 'telegram', allowed_chats }] };
    const found = await differencesOf('integrations: [{ type: telegram, allowed_chats: [] }]', current);
    expect(found.lines).toEqual(lines);
  });

  it('in secrets are those of their names, unless all are to be sent again', async () => {
    const env = { OLD: 'old-value', NEW: 'new-value' };
    const yaml = 'secrets: { token: "${OLD}", fresh: "${NEW}" }';
    const { found, patch } = await differencesOf(yaml, { secret_names: ['token'] }, env);
    expect(found.map(({ path }) => path)).toEqual(['secrets.fresh']);
    expect(revealed(patch)).toEqual({ secrets: { fresh: 'new-value' } });
    const [declaration] = await declared(`${SHOP}${yaml}`, env);
    const all = declaration ? differences(declaration, { ...declaration.configuration }, true) : [];
    expect(all.map(({ path }) => path)).toEqual(['secrets.token', 'secrets.fresh']);
  });

  it('never show a secret, whether it stands in the document or in the environment', async () => {
    const yaml = `${SHOP}secrets: { a: "\${CANARY}", b: canary-plain }\nsystem_prompt: \${CANARY}\nintegrations: [{ type: telegram, bot_token: "1:canary-bot-canary-bot-canary-bot-canary" }]`;
    const [declaration] = await declared(yaml, { CANARY: 'canary-env' });
    const former = { system_prompt: 'canary-former' };
    const text = declaration && differences(declaration, former, true).map(described).join('\n');
    expect(text).toContain('${CANARY}');
    expect(text).not.toMatch(/canary-/);
    expect(JSON.stringify(declaration?.configuration)).not.toContain('canary-env');
  });
});
