import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EmbeddedChunk, KnowledgeStore } from '../knowledge.store';
import { asking, base, signal, some, storeActions, texts } from './store.fixture';

/** How what is found changes: by publishing and by removing. */
export function changingSuite(current: () => KnowledgeStore): void {
  const { find, publish, byWord } = storeActions(current);

  describe('publishes', () => {
    it('nothing by putting: what was put is found once it is published', async () => {
      const kb = base();
      const chunk = some({ knowledge_base_id: kb, text: 'secret' });
      await current().put([chunk], signal);
      expect(await byWord(kb, 'secret')).toEqual([]);
      expect(await find(asking([kb], { mode: 'dense', vector: [1, 0, 0, 0] }))).toEqual([]);
      await current().publish(chunk.document_id, 1, signal);
      expect(texts(await byWord(kb, 'secret'))).toEqual(['secret']);
    });

    it('a revision in place of the one before, all of it', async () => {
      const kb = base();
      const old = some({ knowledge_base_id: kb, text: 'price is ten' });
      const second = { ...old, chunk_id: randomUUID(), position: 1, text: 'price of shipping' };
      await publish(old, second);
      const next = { ...old, chunk_id: randomUUID(), revision: 2, text: 'price is eleven' };
      await current().put([next], signal);
      expect(texts(await byWord(kb, 'price')).sort()).toEqual(['price is ten', 'price of shipping']);
      await current().publish(old.document_id, 2, signal);
      expect(texts(await byWord(kb, 'price'))).toEqual(['price is eleven']);
    });

    it('without a moment in which neither revision is found, or both are', async () => {
      const kb = base();
      const document_id = `doc_${randomUUID()}`;
      const pieces = (revision: number): EmbeddedChunk[] =>
        Array.from({ length: 4 }, (_, position) =>
          some({
            knowledge_base_id: kb,
            document_id,
            revision,
            position,
            title: 'x',
            text: `word ${revision}`,
          }),
        );
      await publish(...pieces(1));
      let done = false;
      const answers: string[][] = [];
      const readers = [1, 2, 3].map(async () => {
        while (!done) answers.push(texts(await byWord(kb, 'word')));
      });
      for (let revision = 2; revision <= 8; revision++) await publish(...pieces(revision));
      done = true;
      await Promise.all(readers);
      for (const answer of answers) expect(new Set(answer).size, answer.join()).toBe(1);
      for (const answer of answers) expect(answer).toHaveLength(4);
      expect(texts(await byWord(kb, 'word'))).toEqual(Array(4).fill('word 8'));
    });

    it('again and again, and late, without harm', async () => {
      const kb = base();
      const first = some({ knowledge_base_id: kb, text: 'word one' });
      const second = { ...first, chunk_id: randomUUID(), revision: 2, text: 'word two' };
      await publish(first, first);
      await current().put([first], signal);
      expect(texts(await byWord(kb, 'word'))).toEqual(['word one']);
      await publish(second);
      await current().put([second], signal);
      await current().publish(second.document_id, 2, signal);
      // From a job that was cut off and goes on after another did its work.
      await current().put([first], signal);
      await current().publish(first.document_id, 1, signal);
      expect(texts(await byWord(kb, 'word'))).toEqual(['word two']);
      expect(await find(asking([kb], { mode: 'dense', vector: [1, 0, 0, 0] }))).toHaveLength(1);
    });

    it('an empty revision, of which nothing is found', async () => {
      const kb = base();
      const first = some({ knowledge_base_id: kb, text: 'word' });
      await publish(first);
      await current().publish(first.document_id, 2, signal);
      expect(await byWord(kb, 'word')).toEqual([]);
    });
  });

  describe('removes', () => {
    it('a document with all its revisions, and no other', async () => {
      const kb = base();
      const [gone, kept] = [
        some({ knowledge_base_id: kb, text: 'word gone' }),
        some({ knowledge_base_id: kb, text: 'word kept' }),
      ];
      await publish(gone, kept);
      await current().put([{ ...gone, chunk_id: randomUUID(), revision: 2 }], signal);
      await current().removeDocument(gone.document_id, signal);
      expect(texts(await byWord(kb, 'word'))).toEqual(['word kept']);
      await current().publish(gone.document_id, 2, signal);
      expect(texts(await byWord(kb, 'word'))).toEqual(['word kept']);
    });

    it('a knowledge base, and no other; absent ones count as removed', async () => {
      const [gone, kept] = [base(), base()];
      const chunk = some({ knowledge_base_id: gone, text: 'word' });
      await publish(chunk, some({ knowledge_base_id: kept, text: 'word' }));
      await current().removeKnowledgeBase(gone, signal);
      await current().removeKnowledgeBase(gone, signal);
      await current().removeDocument(chunk.document_id, signal);
      expect(await byWord(gone, 'word')).toEqual([]);
      expect(await byWord(kept, 'word')).toHaveLength(1);
    });

    it('a document that comes back with its first revision', async () => {
      const chunk = some({ knowledge_base_id: base(), text: 'word' });
      await publish(chunk, { ...chunk, chunk_id: randomUUID(), revision: 2 });
      await current().removeDocument(chunk.document_id, signal);
      await publish(chunk);
      expect(await byWord(chunk.knowledge_base_id, 'word')).toHaveLength(1);
    });
  });
}
