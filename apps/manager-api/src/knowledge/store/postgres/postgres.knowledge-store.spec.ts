import { sharedStack, type TestDatabase } from '@roost/devstack';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataSource } from '../../../database/data-source';
import { knowledgeStoreSuite } from '../conformance/knowledge.store.suite';
import type { EmbeddedChunk } from '../knowledge.store';
import { PostgresKnowledgeStore } from './postgres.knowledge-store';

async function migrated(): Promise<{ database: TestDatabase; source: DataSource }> {
  const database = await (await sharedStack()).createDatabase('knowledge');
  const source = await createDataSource(database.url, 6).initialize();
  await source.runMigrations();
  return { database, source };
}

knowledgeStoreSuite('PostgreSQL', async () => {
  const { database, source } = await migrated();
  return {
    store: new PostgresKnowledgeStore(source),
    close: async () => {
      await source.destroy();
      await database.drop();
    },
  };
});

describe('PostgreSQL as a knowledge store', () => {
  let source: DataSource;
  let database: TestDatabase;
  const signal = AbortSignal.timeout(60_000);
  beforeAll(async () => {
    ({ source, database } = await migrated());
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  const chunks = (knowledge_base_id: string, document_id: string, count: number, revision = 1) =>
    Array.from({ length: count }, (_, position): EmbeddedChunk => ({
      chunk_id: randomUUID(),
      knowledge_base_id,
      document_id,
      revision,
      position,
      title: 'x',
      text: `word ${position}`,
      source_url: null,
      metadata: {},
      vector: [1, position],
    }));

  it('takes another model once it is empty', async () => {
    const store = new PostgresKnowledgeStore(source);
    await store.prepare({ model: 'one', dimensions: 2 });
    await store.put(chunks('kb_a', 'doc_a', 1));
    await expect(store.prepare({ model: 'two', dimensions: 3 })).rejects.toMatchObject({
      code: 'embedding_mismatch',
    });
    await store.removeKnowledgeBase('kb_a');
    await store.prepare({ model: 'two', dimensions: 3 });
    await store.put(chunks('kb_a', 'doc_a', 1).map((chunk) => ({ ...chunk, vector: [1, 2, 3] })));
    await store.removeKnowledgeBase('kb_a');
    await store.prepare({ model: 'one', dimensions: 2 });
  });

  it('is full at its limit and names the remedy; a document can still be replaced', async () => {
    const store = new PostgresKnowledgeStore(source, 10);
    await store.prepare({ model: 'one', dimensions: 2 });
    await store.put(chunks('kb_full', 'doc_1', 8));
    await store.publish('doc_1', 1);
    await expect(store.put(chunks('kb_full', 'doc_2', 3))).rejects.toMatchObject({
      code: 'knowledge_base_full',
      detail: expect.stringContaining('QDRANT_URL') as string,
    });
    await store.put(chunks('kb_full', 'doc_1', 9, 2));
    await store.publish('doc_1', 2);
    // What did fit of the one that does not is not counted against the next.
    await store.put(chunks('kb_full', 'doc_4', 1));
    await expect(store.put(chunks('kb_full', 'doc_4', 1))).rejects.toMatchObject({
      code: 'knowledge_base_full',
    });
    await store.put(chunks('kb_full', 'doc_5', 1));
    await store.put(chunks('kb_other', 'doc_3', 10));
  });

  it('computes BM25 exactly as Robertson and Zaragoza write it', async () => {
    const store = new PostgresKnowledgeStore(source);
    await store.prepare({ model: 'one', dimensions: 2 });
    const texts = ['cat cat dog', 'dog bird', 'bird bird bird fish', 'fish'];
    const corpus = chunks('kb_bm25', 'doc_bm25', texts.length).map((chunk, index) => ({
      ...chunk,
      title: '',
      text: texts[index] ?? '',
    }));
    await store.put(corpus);
    await store.publish('doc_bm25', 1);
    const found = await store.search(
      {
        knowledge_base_ids: ['kb_bm25'],
        text: 'cat dog',
        vector: null,
        mode: 'keyword',
        limit: 10,
        filter: {},
      },
      signal,
    );
    const idf = (df: number) => Math.log(1 + (4 - df + 0.5) / (df + 0.5));
    const part = (tf: number, length: number) => (tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * length) / 2.5));
    expect(found.map(({ text, score }) => [text, score])).toEqual([
      ['cat cat dog', expect.closeTo(idf(1) * part(2, 3) + idf(2) * part(1, 3), 9)],
      ['dog bird', expect.closeTo(idf(2) * part(1, 2), 9)],
    ]);
  });

  it('reads vectors in batches: the nearest of many is found wherever it lies', async () => {
    const store = new PostgresKnowledgeStore(source);
    const many = chunks('kb_many', 'doc_many', 1_201).map((chunk, index) => ({
      ...chunk,
      vector: [index === 1_100 ? 0 : 1, 1],
    }));
    await store.put(many);
    await store.publish('doc_many', 1);
    const [first] = await store.search(
      { knowledge_base_ids: ['kb_many'], text: '', vector: [0, 1], mode: 'dense', limit: 3, filter: {} },
      signal,
    );
    expect(first?.position).toBe(1_100);
  });
});
