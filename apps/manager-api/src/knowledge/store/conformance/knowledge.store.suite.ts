import type { RetrievedChunk } from '@roost/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedChunk, KnowledgeStore, StoreQuery } from '../knowledge.store';

export interface StoreUnderTest {
  store: KnowledgeStore;
  close(): Promise<void>;
}

const space = { model: 'model-one', dimensions: 4 };
const signal = AbortSignal.timeout(120_000);

const some = (overrides: Partial<EmbeddedChunk> = {}): EmbeddedChunk => ({
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

const asking = (knowledge_base_ids: string[], overrides: Partial<StoreQuery>): StoreQuery => ({
  knowledge_base_ids,
  text: '',
  vector: null,
  mode: 'keyword',
  limit: 10,
  filter: {},
  ...overrides,
});

const texts = (found: RetrievedChunk[]): string[] => found.map(({ text }) => text);

/** What every store promises; each is run against it. */
export function knowledgeStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`a knowledge store in ${name}`, () => {
    let under: StoreUnderTest;
    let store: KnowledgeStore;
    beforeAll(async () => {
      under = await open();
      store = under.store;
      await store.prepare(space, signal);
    });
    afterAll(() => under.close());

    const base = (): string => `kb_${randomUUID()}`;
    const publish = async (...chunks: EmbeddedChunk[]): Promise<void> => {
      await store.put(chunks, signal);
      for (const { document_id, revision } of chunks) await store.publish(document_id, revision, signal);
    };
    const find = (query: StoreQuery): Promise<RetrievedChunk[]> => store.search(query, signal);
    const byWord = (kb: string, text: string, more: Partial<StoreQuery> = {}): Promise<RetrievedChunk[]> =>
      find(asking([kb], { text, ...more }));

    describe('finds', () => {
      it('a chunk with all that is known of it', async () => {
        const knowledge_base_id = base();
        const { vector, metadata, revision, ...chunk } = some({
          knowledge_base_id,
          title: 'Returns',
          text: 'Refunds take five days.',
          position: 3,
          source_url: 'https://shop.example/returns',
        });
        await publish({ ...chunk, vector, metadata, revision });
        expect(await byWord(knowledge_base_id, 'refund')).toEqual([
          { ...chunk, score: expect.any(Number) as number },
        ]);
      });

      it.each([
        ['a plural', 'Refunds take five days.', 'refund'],
        ['a form of a verb', 'We are shipping on Mondays.', 'ship'],
        ['a Russian case', 'Возврат товара занимает пять дней.', 'возврата товаров'],
        ['a Russian plural', 'Доставка по городу бесплатна.', 'доставки'],
        ['ё for е', 'Счёт придёт по почте.', 'счет'],
        ['capitals', 'The WARRANTY covers two years.', 'warranty'],
        ['a number', 'Error 4711 means no paper.', '4711'],
        ['a word of another script', '返品 は 五日', '返品'],
        ['a word of the title', 'Two years.', 'document'],
      ])('by its words: %s', async (_what, text, query) => {
        const kb = base();
        await publish(some({ knowledge_base_id: kb, text }), some({ knowledge_base_id: kb, title: 'x' }));
        expect(texts(await byWord(kb, query))).toEqual([text]);
      });

      it('nothing by words it does not hold, by none, and by those that tell nothing apart', async () => {
        const kb = base();
        await publish(some({ knowledge_base_id: kb, text: 'The opening hours are nine to five.' }));
        expect(await byWord(kb, 'dragons')).toEqual([]);
        expect(await byWord(kb, '?!')).toEqual([]);
        expect(await byWord(kb, 'the')).toEqual([]);
      });

      it('rare words before common ones, and short texts before long ones', async () => {
        const kb = base();
        const filler = Array.from({ length: 6 }, (_, index) =>
          some({ knowledge_base_id: kb, text: `printer number ${index}` }),
        );
        await publish(
          ...filler,
          some({ knowledge_base_id: kb, text: 'scanner' }),
          some({ knowledge_base_id: kb, text: `scanner ${'and much other talk '.repeat(20)}` }),
        );
        const [first, second, third] = texts(await byWord(kb, 'printer scanner'));
        expect(first).toBe('scanner');
        expect(third ?? second).toMatch(/printer|scanner and/);
        expect(texts(await byWord(kb, 'scanner'))).toEqual(['scanner', expect.stringContaining('much')]);
      });

      it('by meaning, the nearest first, with the cosine for a score', async () => {
        const kb = base();
        await publish(
          some({ knowledge_base_id: kb, text: 'far', vector: [0, 0, 0, 9] }),
          some({ knowledge_base_id: kb, text: 'near', vector: [3, 3, 0, 0] }),
          some({ knowledge_base_id: kb, text: 'same', vector: [5, 0, 0, 0] }),
        );
        const found = await find(asking([kb], { mode: 'dense', vector: [1, 0, 0, 0] }));
        expect(texts(found)).toEqual(['same', 'near', 'far']);
        expect(found.map(({ score }) => score)).toEqual([
          expect.closeTo(1, 5),
          expect.closeTo(Math.SQRT1_2, 5),
          expect.closeTo(0, 5),
        ]);
      });

      it('by both, first what both rank high', async () => {
        const kb = base();
        await publish(
          some({ knowledge_base_id: kb, text: 'refund, but of another kind', vector: [0, 0, 0, 1] }),
          some({ knowledge_base_id: kb, text: 'money back', vector: [1, 0, 0, 0] }),
          some({ knowledge_base_id: kb, text: 'refund', vector: [0.9, 0.1, 0, 0] }),
        );
        const found = await find(asking([kb], { mode: 'hybrid', text: 'refund', vector: [1, 0, 0, 0] }));
        expect(texts(found)[0]).toBe('refund');
        expect(texts(found).sort()).toEqual(['money back', 'refund', 'refund, but of another kind']);
      });

      it('by meaning alone where the words of a hybrid question tell nothing', async () => {
        const kb = base();
        await publish(some({ knowledge_base_id: kb, text: 'money back', vector: [1, 0, 0, 0] }));
        const query = asking([kb], { mode: 'hybrid', text: '?', vector: [1, 0, 0, 0] });
        expect(texts(await find(query))).toEqual(['money back']);
      });

      it.each(['keyword', 'dense', 'hybrid'] as const)('at most `limit`, in mode %s', async (mode) => {
        const kb = base();
        const chunks = Array.from({ length: 5 }, (_, position) =>
          some({ knowledge_base_id: kb, position, text: 'paper' }),
        );
        await publish(...chunks);
        const query = asking([kb], { mode, text: 'paper', vector: [1, 0, 0, 0], limit: 3 });
        expect(await find(query)).toHaveLength(3);
      });
    });

    describe('keeps apart', () => {
      it.each(['keyword', 'dense', 'hybrid'] as const)('knowledge bases, in mode %s', async (mode) => {
        const [own, second, other] = [base(), base(), base()];
        for (const kb of [own, second, other]) await publish(some({ knowledge_base_id: kb, text: kb }));
        const shared = { mode, text: [own, second, other].join(' '), vector: [1, 0, 0, 0] };
        expect(texts(await find(asking([own], shared)))).toEqual([own]);
        expect(texts(await find(asking([own, second], shared))).sort()).toEqual([own, second].sort());
        expect(await find(asking([base()], shared))).toEqual([]);
      });

      it.each(['keyword', 'dense', 'hybrid'] as const)(
        'what has all metadata asked for, of the same type, in mode %s',
        async (mode) => {
          const kb = base();
          const put = (text: string, metadata: EmbeddedChunk['metadata']) =>
            publish(some({ knowledge_base_id: kb, text: `word ${text}`, metadata }));
          await put('a', { lang: 'en', year: 2024, public: true });
          await put('b', { lang: 'en', year: 2025, 'with.dot "quote"': 'x' });
          await put('c', { lang: 'ru', year: '2024' });
          const found = async (filter: StoreQuery['filter']) =>
            texts(await find(asking([kb], { mode, text: 'word', vector: [1, 0, 0, 0], filter }))).sort();
          expect(await found({ lang: 'en' })).toEqual(['word a', 'word b']);
          expect(await found({ lang: 'en', year: 2024 })).toEqual(['word a']);
          expect(await found({ year: '2024' })).toEqual(['word c']);
          expect(await found({ public: true })).toEqual(['word a']);
          expect(await found({ 'with.dot "quote"': 'x' })).toEqual(['word b']);
          expect(await found({ missing: 'x' })).toEqual([]);
        },
      );
    });

    describe('publishes', () => {
      it('nothing by putting: what was put is found once it is published', async () => {
        const kb = base();
        const chunk = some({ knowledge_base_id: kb, text: 'secret' });
        await store.put([chunk], signal);
        expect(await byWord(kb, 'secret')).toEqual([]);
        expect(await find(asking([kb], { mode: 'dense', vector: [1, 0, 0, 0] }))).toEqual([]);
        await store.publish(chunk.document_id, 1, signal);
        expect(texts(await byWord(kb, 'secret'))).toEqual(['secret']);
      });

      it('a revision in place of the one before, all of it', async () => {
        const kb = base();
        const old = some({ knowledge_base_id: kb, text: 'price is ten' });
        const second = { ...old, chunk_id: randomUUID(), position: 1, text: 'price of shipping' };
        await publish(old, second);
        const next = { ...old, chunk_id: randomUUID(), revision: 2, text: 'price is eleven' };
        await store.put([next], signal);
        expect(texts(await byWord(kb, 'price')).sort()).toEqual(['price is ten', 'price of shipping']);
        await store.publish(old.document_id, 2, signal);
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
        await store.put([first], signal);
        expect(texts(await byWord(kb, 'word'))).toEqual(['word one']);
        await publish(second);
        await store.put([second], signal);
        await store.publish(second.document_id, 2, signal);
        // From a job that was cut off and goes on after another did its work.
        await store.put([first], signal);
        await store.publish(first.document_id, 1, signal);
        expect(texts(await byWord(kb, 'word'))).toEqual(['word two']);
        expect(await find(asking([kb], { mode: 'dense', vector: [1, 0, 0, 0] }))).toHaveLength(1);
      });

      it('an empty revision, of which nothing is found', async () => {
        const kb = base();
        const first = some({ knowledge_base_id: kb, text: 'word' });
        await publish(first);
        await store.publish(first.document_id, 2, signal);
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
        await store.put([{ ...gone, chunk_id: randomUUID(), revision: 2 }], signal);
        await store.removeDocument(gone.document_id, signal);
        expect(texts(await byWord(kb, 'word'))).toEqual(['word kept']);
        await store.publish(gone.document_id, 2, signal);
        expect(texts(await byWord(kb, 'word'))).toEqual(['word kept']);
      });

      it('a knowledge base, and no other; absent ones count as removed', async () => {
        const [gone, kept] = [base(), base()];
        const chunk = some({ knowledge_base_id: gone, text: 'word' });
        await publish(chunk, some({ knowledge_base_id: kept, text: 'word' }));
        await store.removeKnowledgeBase(gone, signal);
        await store.removeKnowledgeBase(gone, signal);
        await store.removeDocument(chunk.document_id, signal);
        expect(await byWord(gone, 'word')).toEqual([]);
        expect(await byWord(kept, 'word')).toHaveLength(1);
      });

      it('a document that comes back with its first revision', async () => {
        const chunk = some({ knowledge_base_id: base(), text: 'word' });
        await publish(chunk, { ...chunk, chunk_id: randomUUID(), revision: 2 });
        await store.removeDocument(chunk.document_id, signal);
        await publish(chunk);
        expect(await byWord(chunk.knowledge_base_id, 'word')).toHaveLength(1);
      });
    });

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
