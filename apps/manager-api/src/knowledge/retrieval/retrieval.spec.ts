import { internalPaths } from '@roost/contracts';
import { type ModelStub, startModelStub } from '@roost/devstack';
import { QdrantStandIn } from '@roost/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../../test/manager.harness';
import { KnowledgeBaseEntity } from '../bases/knowledge-base.entity';
import { EMBEDDER, type Embedder } from '../embedding/embedder';
import { type EmbeddedChunk, KNOWLEDGE_STORE, type KnowledgeStore } from '../store/knowledge.store';

const signal = AbortSignal.timeout(120_000);

/** What ingestion does, in short. */
async function ingest(
  manager: ManagerHarness,
  knowledge_base_id: string,
  texts: string[],
  metadata: EmbeddedChunk['metadata'] = {},
): Promise<void> {
  await manager.database
    .getRepository(KnowledgeBaseEntity)
    .upsert({ id: knowledge_base_id, name: 'Handbook', description: '' }, ['id']);
  const { app } = manager.manager;
  const [store, embedder] = [app.get<KnowledgeStore>(KNOWLEDGE_STORE), app.get<Embedder>(EMBEDDER)];
  const document_id = `doc_${randomUUID()}`;
  const { vectors } = await embedder.embed(texts, signal);
  await store.prepare({ model: embedder.model, dimensions: vectors[0]?.length ?? 0 }, signal);
  await store.put(
    texts.map((text, position) => ({
      chunk_id: randomUUID(),
      knowledge_base_id,
      document_id,
      revision: 1,
      position,
      title: 'Handbook',
      text,
      source_url: null,
      metadata,
      vector: vectors[position] ?? [],
    })),
    signal,
  );
  await store.publish(document_id, 1, signal);
}

const handbook = [
  'Refunds take five working days.',
  'The cafeteria opens at noon.',
  'Возврат товара занимает пять дней.',
];
const texts = (body: { results: { text: string }[] }): string[] => body.results.map(({ text }) => text);

describe('searching knowledge', () => {
  let model: ModelStub;
  let manager: ManagerHarness;
  beforeAll(async () => {
    model = await startModelStub();
    manager = await ManagerHarness.start({
      OPENAI_BASE_URL: model.baseUrl,
      OPENAI_API_KEY: 'sk-operator',
      RERANK_URL: model.aimock.url,
      RERANK_API_KEY: 'rerank-key',
    });
    await ingest(manager, 'kb_handbook', handbook, { lang: 'any' });
    await ingest(manager, 'kb_other', ['Refunds are a secret.']);
  });
  afterAll(async () => {
    await manager.stop();
    await model.stop();
  });
  afterEach(() => model.reset());

  const search = (body: object, kb = 'kb_handbook') =>
    manager.call('POST', `/knowledge-bases/${kb}/search`, body);

  it('in a knowledge base that is not there is knowledge_base_not_found', async () => {
    const { status, body } = await search({ query: 'x' }, 'kb_nowhere');
    expect([status, body.code]).toEqual([404, 'knowledge_base_not_found']);
  });

  it.each(['hybrid', 'dense', 'keyword'])('finds the piece that answers, in mode %s', async (mode) => {
    const english = await search({ query: 'How many days does a refund take?', mode, limit: 1 });
    expect(english.status).toBe(200);
    expect(english.body.results).toEqual([
      {
        knowledge_base_id: 'kb_handbook',
        document_id: expect.stringMatching(/^doc_/),
        chunk_id: expect.any(String),
        title: 'Handbook',
        text: handbook[0],
        position: 0,
        source_url: null,
        score: expect.any(Number),
      },
    ]);
    const russian = await search({ query: 'сколько дней возврат товаров', mode, limit: 1 });
    expect(texts(russian.body)).toEqual([handbook[2]]);
  });

  it('looks in the knowledge base asked for, and filters by metadata', async () => {
    expect(texts((await search({ query: 'refund', mode: 'keyword' })).body)).toEqual([handbook[0]]);
    const filtered = await search({ query: 'refund', filter: { lang: 'klingon' } });
    expect(filtered.body.results).toEqual([]);
  });

  it('says what the question cost, once: a question asked before is in the cache', async () => {
    const query = `What about ${randomUUID()}?`;
    const first = await search({ query });
    expect(first.body.usage).toEqual([
      {
        kind: 'embedding',
        model: 'text-embedding-3-small',
        calls: 1,
        input_tokens: expect.any(Number),
        output_tokens: 0,
      },
    ]);
    expect((await search({ query })).body.usage).toBeUndefined();
  });

  it.each([
    [{ query: '' }],
    [{}],
    [{ query: 'x', limit: 0 }],
    [{ query: 'x', limit: 51 }],
    [{ query: 'x', mode: 'magic' }],
    [{ query: 'x', filter: { lang: { deep: true } } }],
    [{ query: 'x', more: 1 }],
  ])('refuses %j', async (body) => {
    expect((await search(body)).body).toMatchObject({ code: 'validation_failed' });
  });

  it('answers 503 when nothing embeds, never words alone in place of a hybrid', async () => {
    model.embeddings.fail({ status: 401 }, 10);
    const query = `refund ${randomUUID()}`;
    const refused = await search({ query });
    expect([refused.status, refused.body.code]).toEqual([503, 'embedding_unavailable']);
    expect((await search({ query, mode: 'keyword' })).status).toBe(200);
  });

  describe('with a reranker', () => {
    it('takes its order and scores, from among more than were asked for', async () => {
      model.aimock.onRerank(/days/, [
        { index: 1, relevance_score: 0.9 },
        { index: 0, relevance_score: 0.2 },
        { index: 99, relevance_score: 1 },
      ]);
      const unranked = await search({ query: 'five working noon', mode: 'dense' });
      const ranked = await search({ query: 'five working noon days', mode: 'dense', limit: 1 });
      expect(unranked.body.results).toHaveLength(3);
      expect(ranked.body.results).toHaveLength(1);
      expect(ranked.body.results[0]).toMatchObject({ score: 0.9 });
      const asked = model.aimock.getRequests().filter(({ path }) => path === '/v2/rerank');
      expect(asked.at(-1)?.headers).toHaveProperty('authorization');
    });

    it('that fails keeps the order of the search', async () => {
      const away = await manager.join({ RERANK_URL: 'http://127.0.0.1:1' });
      const found = await away.call('POST', '/knowledge-bases/kb_handbook/search', { query: 'refund days' });
      expect(found.status).toBe(200);
      expect(found.body.results.length).toBeGreaterThan(1);
    });
  });

  describe('for a runner', () => {
    const tool = (knowledge_base_ids: string[]) => ({
      type: 'knowledge_base',
      name: 'handbook',
      description: 'x',
      knowledge_base_ids,
      retrieval_limit: 5,
      rewrite_attempts: 1,
    });

    it('reaches the knowledge bases that the version names, and no other', async () => {
      const id = await manager.agent();
      await manager.database.query(
        `UPDATE agent_versions SET configuration = jsonb_set(configuration, '{tools}', $2::jsonb) WHERE agent_id = $1`,
        [id, JSON.stringify([tool(['kb_handbook'])])],
      );
      await manager.call('POST', `/agents/${id}/start`);
      const runner = await manager.runner(id);
      const ask = (body: object, token = runner.identity.token) =>
        manager.internal(
          'POST',
          internalPaths.knowledgeSearch,
          {
            version: 1,
            knowledge_base_ids: ['kb_handbook'],
            query: 'Until when may a refund be asked for?',
            limit: 1,
            message_id: 'msg_1',
            ...body,
          },
          token,
        );
      const found = await ask({});
      expect([found.status, texts(found.body)]).toEqual([200, [handbook[0]]]);
      const usage = await manager.call('GET', `/usage?agent_id=${id}`);
      expect(usage.body.items).toMatchObject([{ kind: 'embedding', calls: 1, output_tokens: 0 }]);
      for (const ids of [['kb_other'], ['kb_handbook', 'kb_other']]) {
        const refused = await ask({ knowledge_base_ids: ids });
        expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
        expect(refused.body.detail).toContain('kb_other');
      }
      expect((await ask({ version: 2 })).body.code).toBe('version_not_found');
      expect((await ask({ limit: 51 })).body.code).toBe('validation_failed');
      expect((await ask({ knowledge_base_ids: [] })).body.code).toBe('validation_failed');
      expect((await ask({}, 'none')).status).toBe(401);
      expect((await ask({}, manager.key)).status).toBe(403);
      expect((await manager.call('POST', internalPaths.knowledgeSearch, {})).status).toBe(404);
      runner.close();
    });
  });
});

describe('searching knowledge in Qdrant', () => {
  it('is what QDRANT_URL chooses; /readyz names it and a Qdrant that is away makes nothing else fail', async () => {
    const [model, qdrant] = await Promise.all([startModelStub(), QdrantStandIn.start()]);
    const manager = await ManagerHarness.start({ OPENAI_BASE_URL: model.baseUrl, QDRANT_URL: qdrant.url });
    try {
      await ingest(manager, 'kb_handbook', handbook);
      expect(qdrant.points('roost')).toHaveLength(handbook.length + 1);
      const search = () => manager.call('POST', '/knowledge-bases/kb_handbook/search', { query: 'refunds' });
      expect(texts((await search()).body)[0]).toBe(handbook[0]);
      const ready = await manager.call('GET', '/readyz');
      expect(ready.body).toMatchObject({ status: 'ready', dependencies: { qdrant: 'up' } });

      await qdrant.stop();
      const away = await manager.call('GET', '/readyz');
      expect([away.status, away.body.dependencies.qdrant]).toEqual([200, 'down']);
      expect((await search()).body.code).toBe('dependency_unavailable');
    } finally {
      await manager.stop();
      await Promise.all([model.stop(), qdrant.stop().catch(() => undefined)]);
    }
  });
});
