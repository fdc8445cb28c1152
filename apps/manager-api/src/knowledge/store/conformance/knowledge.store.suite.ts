import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KnowledgeStore } from '../knowledge.store';
import { changingSuite } from './changing.suite';
import { findingSuite } from './finding.suite';
import { asking, base, signal, some, space, storeActions } from './store.fixture';

export interface StoreUnderTest {
  store: KnowledgeStore;
  close(): Promise<void>;
}

/** What every store promises; each is run against it. */
export function knowledgeStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`a knowledge store in ${name}`, () => {
    let under: StoreUnderTest;
    let store: KnowledgeStore;
    const current = (): KnowledgeStore => store;
    const { publish } = storeActions(current);
    beforeAll(async () => {
      under = await open();
      store = under.store;
      await store.prepare(space, signal);
    });
    afterAll(() => under.close());

    findingSuite(current);
    changingSuite(current);

    describe('refuses', () => {
      it('vectors of another model or length, and names both', async () => {
        await publish(some());
        await store.prepare(space, signal);
        await expect(store.prepare({ model: 'model-two', dimensions: 4 }, signal)).rejects.toMatchObject({
          code: 'embedding_mismatch',
          detail: expect.stringMatching(
            /model-one \(4 dimensions\).*model-two \(4 dimensions\).*EMBEDDING_MODEL/,
          ) as string,
        });
        await expect(store.prepare({ ...space, dimensions: 8 }, signal)).rejects.toMatchObject({
          code: 'embedding_mismatch',
          detail: expect.stringContaining('8 dimensions') as string,
        });
        await expect(store.put([some({ vector: [1, 0] })], signal)).rejects.toMatchObject({
          code: 'embedding_mismatch',
        });
      });

      it('to work for nobody: an aborted search rejects', async () => {
        const kb = base();
        await publish(some({ knowledge_base_id: kb }));
        const query = asking([kb], { mode: 'dense', vector: [1, 0, 0, 0] });
        await expect(store.search(query, AbortSignal.abort(new Error('gone')))).rejects.toThrow();
      });
    });
  });
}
