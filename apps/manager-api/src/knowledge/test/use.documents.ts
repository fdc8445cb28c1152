import { afterAll, beforeAll, beforeEach } from 'vitest';
import { KnowledgeHarness } from './knowledge.harness';

/** A manager with small limits, for the tests of a file. */
export function useDocuments(env: () => Record<string, string> = () => ({})): () => KnowledgeHarness {
  let roost: KnowledgeHarness;
  beforeAll(async () => {
    roost = await KnowledgeHarness.start({
      KNOWLEDGE_UPLOAD_BYTES_MAX: '300000',
      KNOWLEDGE_DOCUMENTS_MAX: '40',
      KNOWLEDGE_BASES_MAX: '60',
      KNOWLEDGE_INGESTION_RETRIES: '1',
      ...env(),
    });
  }, 120_000);
  afterAll(() => roost.stop());
  beforeEach(() => {
    roost.embedder.release();
    roost.store.before = () => Promise.resolve();
  });
  return () => roost;
}
