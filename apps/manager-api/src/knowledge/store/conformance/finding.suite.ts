import { describe, expect, it } from 'vitest';
import type { EmbeddedChunk, KnowledgeStore, StoreQuery } from '../knowledge.store';
import { asking, base, some, storeActions, texts } from './store.fixture';

/** What searches find, and what they keep apart. */
export function findingSuite(current: () => KnowledgeStore): void {
  const { find, publish, byWord } = storeActions(current);

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
}
