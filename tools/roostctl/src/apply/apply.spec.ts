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
    ['name: [', 'agents.yaml, document 1:'],
    [`${SHOP}system_prompt: \${NOT_SET}`, 'system_prompt: the variable NOT_SET is not set'],
  ])('that are wrong are refused with file, document and path: %j', async (yaml, message) => {
    await expect(declared(yaml)).rejects.toMatchObject({
      exit_code: 2,
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('a plan', () => {
  const current = agent('agent_shop_ab12', {
    name: 'Shop',
    version: 3,
    model: { provider: 'openai', name: 'gpt-4o-mini', temperature: null },
    tools: [{ type: 'web_search', name: 'web', results: 5 }],
    secret_names: ['token'],
  });

  it('keeps what is as declared, and what is not declared', async () => {
    const [one] = planOf(await declared(`${SHOP}tools: [{ type: web_search, name: web }]`), [current], keep);
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
    expect(() => planOf(unknown ? [unknown] : [], [current], keep)).toThrow(
      'there is no agent agent_none_ab12',
    );
  });
});

describe('differences', () => {
  it('are told by path, and the patch holds what they touch', () => {
    const next = { name: 'Shop', model: { name: 'b' }, tools: [{ name: 'x' }] };
    const before = {
      name: 'Shop',
      model: { name: 'a', provider: 'openai' },
      tools: [{ name: 'x' }, { name: 'y' }],
    };
    const found = differences(next, before, false);
    expect(found.map(described)).toEqual(['  ~ model.name: "a" -> "b"', '  - tools[1]: {"name":"y"}']);
    expect(patchOf(next, found)).toEqual({ model: { name: 'b' }, tools: [{ name: 'x' }] });
  });

  it('in secrets are those of their names, unless all are to be sent again', async () => {
    const env = { OLD: 'old-value', NEW: 'new-value' };
    const yaml = `${SHOP}secrets: { token: "\${OLD}", fresh: "\${NEW}" }`;
    const [{ configuration } = { configuration: {} }] = await declared(yaml, env);
    const before = { ...configuration, secrets: undefined, secret_names: ['token'] };
    const found = differences(configuration, before, false);
    expect(found.map(({ path }) => path)).toEqual(['secrets.fresh']);
    expect(revealed(patchOf(configuration, found))).toEqual({ secrets: { fresh: 'new-value' } });
    expect(differences(configuration, before, true).map(({ path }) => path)).toEqual([
      'secrets.token',
      'secrets.fresh',
    ]);
  });

  it('never show a secret, whether it stands in the document or in the environment', async () => {
    const yaml = `${SHOP}secrets: { a: "\${CANARY}", b: canary-plain }\nsystem_prompt: \${CANARY}\nintegrations: [{ type: telegram, bot_token: "1:canary-bot-canary-bot-canary-bot-canary" }]`;
    const [{ configuration } = { configuration: {} }] = await declared(yaml, { CANARY: 'canary-env' });
    const text = differences(configuration, {}, true).map(described).join('\n');
    expect(text).toContain('${CANARY}');
    expect(text).not.toMatch(/canary-/);
    expect(JSON.stringify(configuration)).not.toContain('canary-env');
  });
});
