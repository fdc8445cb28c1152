import type { RetrievedChunk } from '@roost/contracts';
import { randomUUID } from 'node:crypto';
import type { EmbeddedChunk, KnowledgeStore, StoreQuery } from '../knowledge.store';

/** Of the vectors that the suite puts. */
export const space = { model: 'model-one', dimensions: 4 };
export const signal = AbortSignal.timeout(120_000);

export const some = (overrides: Partial<EmbeddedChunk> = {}): EmbeddedChunk => ({
  chunk_id: randomUUID(),
  knowledge_base_id: 'kb_none',
  document_id: `doc_${randomUUID()}`,
  revision: 1,
  position: 0,
  title: 'A document',
  text: 'Some words.',
  source_url: null,
  metadata: {},
  vector: [1, 0, 0, 0],
  ...overrides,
});

export const asking = (knowledge_base_ids: string[], overrides: Partial<StoreQuery>): StoreQuery => ({
  knowledge_base_ids,
  text: '',
  vector: null,
  mode: 'keyword',
  limit: 10,
  filter: {},
  ...overrides,
});

export const texts = (found: RetrievedChunk[]): string[] => found.map(({ text }) => text);

export const base = (): string => `kb_${randomUUID()}`;

/** What the tests of one store do again and again; the store is there once `beforeAll` has run. */
export function storeActions(current: () => KnowledgeStore) {
  const find = (query: StoreQuery): Promise<RetrievedChunk[]> => current().search(query, signal);
  return {
    find,
    async publish(...chunks: EmbeddedChunk[]): Promise<void> {
      await current().put(chunks, signal);
      for (const { document_id, revision } of chunks) await current().publish(document_id, revision, signal);
    },
    byWord: (kb: string, text: string, more: Partial<StoreQuery> = {}): Promise<RetrievedChunk[]> =>
      find(asking([kb], { text, ...more })),
  };
}
