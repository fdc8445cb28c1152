import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

const tool = {
  type: 'knowledge_base',
  name: 'search_handbook',
  description: 'The handbook.',
  knowledge_base_ids: ['kb_one'],
};
const withTools = (...tools: unknown[]) => ({ name: 'x', model: { name: 'm' }, tools });

describe('knowledge of an agent', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  it('is stored with its defaults, and changed by a patch', async () => {
    const created = await manager.call('POST', '/agents', withTools(tool));
    expect(created.body).toMatchObject({
      tools: [{ ...tool, retrieval_limit: 5, rewrite_attempts: 2 }],
      knowledge: { limit_to_knowledge_base: false, grading_model: null },
      limits: { seconds_per_run: 600, tokens_per_run: 1_000_000 },
    });
    const path = `/agents/${created.body.id}`;
    expect((await manager.call('GET', path)).body).toEqual(created.body);
    const changed = await manager.call('PATCH', path, { knowledge: { limit_to_knowledge_base: true } });
    expect(changed.body).toMatchObject({ knowledge: { limit_to_knowledge_base: true, grading_model: null } });
  });

  it.each<[string, object, string]>([
    ['no knowledge base', { knowledge_base_ids: [] }, 'knowledge_base_ids'],
    ['one twice', { knowledge_base_ids: ['kb_one', 'kb_one'] }, 'knowledge_base_ids'],
    ['an id of another form', { knowledge_base_ids: ['../kb'] }, 'knowledge_base_ids'],
    ['ids that are no texts', { knowledge_base_ids: [7] }, 'knowledge_base_ids'],
    ['too many passages', { retrieval_limit: 21 }, 'retrieval_limit'],
    ['too many attempts', { rewrite_attempts: 6 }, 'rewrite_attempts'],
    ['an approval that nobody would be asked for', { requires_approval: true }, 'requires_approval'],
    ['a field of another tool', { url: 'https://shop.example/' }, 'url'],
  ])('is refused with %s', async (_what, changes, field) => {
    const { status, body } = await manager.call('POST', '/agents', withTools({ ...tool, ...changes }));
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field: `tools.0.${field}` }] });
  });
});
