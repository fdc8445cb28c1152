import { QdrantDescription, QdrantStandIn, type QdrantStandInOptions } from '@roost/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { knowledgeStoreSuite } from '../conformance/knowledge.store.suite';
import type { EmbeddedChunk, StoreQuery } from '../knowledge.store';
import { QdrantKnowledgeStore } from './qdrant.knowledge-store';

const { description, reason } = QdrantDescription.read();
const signal = AbortSignal.timeout(120_000);
const limits = { attempt_ms: 5_000, retries: 3, backoff_ms: 5 };
const collection = 'roost';

/** Whatever was said to and by any of them is checked at the end. */
const standIns: QdrantStandIn[] = [];
async function open(
  options: QdrantStandInOptions = {},
): Promise<{ qdrant: QdrantStandIn; store: QdrantKnowledgeStore }> {
  const qdrant = await QdrantStandIn.start(options);
  standIns.push(qdrant);
  const api_key = options.api_key ?? null;
  return { qdrant, store: new QdrantKnowledgeStore({ url: qdrant.url, api_key, collection }, limits) };
}

const space = { model: 'model-one', dimensions: 2 };
const some = (overrides: Partial<EmbeddedChunk> = {}): EmbeddedChunk => ({
  chunk_id: randomUUID(),
  knowledge_base_id: 'kb_a',
  document_id: 'doc_a',
  revision: 1,
  position: 0,
  title: 'x',
  text: 'word',
  source_url: null,
  metadata: {},
  vector: [1, 0],
  ...overrides,
});
const query: StoreQuery = {
  knowledge_base_ids: ['kb_a'],
  text: 'word',
  vector: [1, 0],
  mode: 'hybrid',
  limit: 5,
  filter: {},
};

afterAll(async () => {
  for (const qdrant of standIns) await qdrant.stop();
});

knowledgeStoreSuite('Qdrant', async () => {
  const { qdrant, store } = await open();
  return { store, close: () => qdrant.stop() };
});

describe('Qdrant as a knowledge store', () => {
  let qdrant: QdrantStandIn;
  let store: QdrantKnowledgeStore;
  afterEach(() => qdrant.stop());

  it('is asked with waiting writes, one fused query, and payload indexes', async () => {
    ({ qdrant, store } = await open());
    await store.prepare(space, signal);
    await store.put([some({ metadata: { lang: 'en' } })], signal);
    await store.publish('doc_a', 1, signal);
    await store.search({ ...query, filter: { lang: 'en' } }, signal);
    const writes = qdrant.exchanges.filter(({ route, method }) =>
      /index|payload|delete|PUT points/.test(`${method} ${route.split('/').at(-1) ?? ''}`),
    );
    expect(writes.length).toBeGreaterThan(6);
    expect(writes.every(({ query: { wait } }) => wait === 'true')).toBe(true);
    expect(
      qdrant.exchanges
        .filter(({ route }) => route.endsWith('/index'))
        .map(({ body }) => body?.['field_name'] as string),
    ).toEqual(['knowledge_base_id', 'document_id', 'revision', 'published', 'facets']);
    const [searched] = qdrant.exchanges.filter(({ route }) => route.endsWith('/query'));
    expect(searched?.body).toMatchObject({
      prefetch: [{ using: 'dense' }, { using: 'bm25' }],
      query: { rrf: { k: 60 } },
      limit: 5,
    });
  });

  it('finds the new revision when the old one is replaced between search and check', async () => {
    ({ qdrant, store } = await open());
    await store.prepare(space, signal);
    await store.put([some({ text: 'word one' })], signal);
    await store.publish('doc_a', 1, signal);
    await store.put([some({ text: 'word two', revision: 2 })], signal);
    let raced = false;
    qdrant.before = async (method, route) => {
      // The search has answered; which revision is published is asked next.
      if (raced || `${method} ${route}` !== 'POST /collections/{collection_name}/points') return;
      raced = true;
      await store.publish('doc_a', 2, signal);
    };
    expect((await store.search(query, signal)).map(({ text }) => text)).toEqual(['word two']);
  });

  it.each([
    ['marked', 'PUT /collections/{collection_name}/points', 'word one'],
    ['published', 'POST /collections/{collection_name}/points/delete', 'word two'],
  ])(
    'answers with one revision when a publication breaks off once it is %s, and mends when it is repeated',
    async (_when, operation, text) => {
      ({ qdrant, store } = await open());
      await store.prepare(space, signal);
      await store.put([some({ text: 'word one' })], signal);
      await store.publish('doc_a', 1, signal);
      await store.put([some({ text: 'word two', revision: 2 })], signal);
      qdrant.before = (method, route) => {
        if (`${method} ${route}` === operation) qdrant.fail(400, 1);
      };
      await expect(store.publish('doc_a', 2, signal)).rejects.toThrow();
      qdrant.before = () => undefined;
      expect((await store.search(query, signal)).map((found) => found.text)).toEqual([text]);
      await store.publish('doc_a', 2, signal);
      expect((await store.search(query, signal)).map((found) => found.text)).toEqual(['word two']);
      expect(qdrant.points(collection)).toHaveLength(2);
    },
  );

  it('is asked again when it is overloaded, and named when it stays away', async () => {
    ({ qdrant, store } = await open());
    await store.prepare(space, signal);
    qdrant.fail(503, 3);
    expect(await store.search(query, signal)).toEqual([]);
    qdrant.fail(503, 100);
    await expect(store.search(query, signal)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      detail: expect.stringContaining('QDRANT_URL') as string,
    });
    await qdrant.stop();
    await expect(store.search(query, signal)).rejects.toMatchObject({ code: 'dependency_unavailable' });
    await expect(store.ping()).rejects.toThrow();
  });

  it('is not asked again for what it refuses', async () => {
    ({ qdrant, store } = await open());
    await store.prepare(space, signal);
    const asked = qdrant.exchanges.length;
    qdrant.fail(400, 100);
    await expect(store.search(query, signal)).rejects.toThrow();
    expect(qdrant.exchanges.length - asked).toBe(1);
  });

  it('is given its key, and one without is refused', async () => {
    ({ qdrant, store } = await open({ api_key: 'canary' }));
    await store.ping();
    await store.prepare(space, signal);
    expect(new Set(qdrant.exchanges.map(({ api_key }) => api_key))).toEqual(new Set(['canary']));
    const stranger = new QdrantKnowledgeStore({ url: qdrant.url, api_key: null, collection }, limits);
    await expect(stranger.ping()).rejects.toThrow();
    await expect(stranger.prepare(space, signal)).rejects.toThrow();
  });

  it('finds nothing once its collection was deleted, and is made anew', async () => {
    ({ qdrant, store } = await open());
    await store.prepare(space, signal);
    qdrant.drop(collection);
    expect(await store.search(query, signal)).toEqual([]);
    await store.removeDocument('doc_a', signal);
    await store.prepare({ ...space, model: 'model-two' }, signal);
    await store.put([some()], signal);
    await store.publish('doc_a', 1, signal);
    expect(await store.search(query, signal)).toHaveLength(1);
  });

  it('is refused when it is too old to remember the model', async () => {
    ({ qdrant, store } = await open({ forgets_metadata: true }));
    await expect(store.prepare(space, signal)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      detail: expect.stringContaining('1.16') as string,
    });
  });

  it('is prepared once by managers that start together', async () => {
    ({ qdrant, store } = await open());
    const others = [1, 2, 3].map(
      () => new QdrantKnowledgeStore({ url: qdrant.url, api_key: null, collection }, limits),
    );
    await Promise.all([store, ...others].map((each) => each.prepare(space, signal)));
    await store.put([some()], signal);
    const resumed = new QdrantKnowledgeStore({ url: qdrant.url, api_key: null, collection }, limits);
    await resumed.put([some()], signal);
  });
});

describe('all that was said to Qdrant and by its stand-in', () => {
  it.skipIf(!description)(`is as Qdrant describes it${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
    const exchanges = standIns.flatMap((qdrant) => qdrant.exchanges);
    expect(exchanges.length).toBeGreaterThan(200);
    const faults = exchanges.flatMap((exchange) => description?.faults(exchange) ?? []);
    expect([...new Set(faults)].slice(0, 5)).toEqual([]);
  });
});
