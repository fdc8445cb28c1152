import { describe, expect, it } from 'vitest';
import { type Kind, readDataset } from './dataset';

const { documents, questions } = readDataset();
const byId = new Map(documents.map((document) => [document.id, document]));
const textOf = (id: string): string => byId.get(id)?.text ?? '';

/** Line breaks are no part of the text, nor are case and punctuation. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
const wordsOf = (text: string): string[] => plain(text).split(' ');
const longWords = (text: string): Set<string> => new Set(wordsOf(text).filter((word) => word.length > 3));
const count = (filter: (question: (typeof questions)[number]) => boolean): number =>
  questions.filter(filter).length;

describe('the documents', () => {
  it('are at least 60, half of them English and half Russian', () => {
    expect(documents.length).toBeGreaterThanOrEqual(60);
    const english = documents.filter(({ lang }) => lang === 'en').length;
    expect(Math.abs(english - documents.length / 2)).toBeLessThanOrEqual(3);
  });

  it.each(documents)('$id has 150 to 600 words in the alphabet of its language', ({ text, lang }) => {
    expect(wordsOf(text).length).toBeGreaterThanOrEqual(150);
    expect(wordsOf(text).length).toBeLessThanOrEqual(600);
    const [latin, cyrillic] = [/\p{Script=Latin}/gu, /\p{Script=Cyrillic}/gu].map(
      (script) => text.match(script)?.length ?? 0,
    );
    expect((latin ?? 0) > (cyrillic ?? 0) ? 'en' : 'ru').toBe(lang);
  });

  it('are told apart by id and by title', () => {
    expect(byId.size).toBe(documents.length);
    expect(new Set(documents.map(({ title }) => title)).size).toBe(documents.length);
  });

  it('repeat no paragraph from one another', () => {
    const paragraphs = documents.flatMap(({ text }) => text.split('\n\n').filter((part) => part.length > 60));
    expect(new Set(paragraphs).size).toBe(paragraphs.length);
  });
});

describe('the questions', () => {
  const kinds: [Kind, number][] = [
    ['plain', 40],
    ['rewrite', 30],
    ['two_documents', 20],
    ['unanswerable', 30],
  ];

  it.each(kinds)('of the kind %s are %i, half of them held out, half of them Russian', (kind, total) => {
    expect(count((question) => question.kind === kind)).toBe(total);
    expect(count((question) => question.kind === kind && question.split === 'held_out')).toBe(total / 2);
    expect(count((question) => question.kind === kind && question.lang === 'ru')).toBe(total / 2);
  });

  it('of either language are held out by half', () => {
    expect(count(({ lang, split }) => lang === 'ru' && split === 'held_out')).toBe(30);
    expect(count(({ lang, split }) => lang === 'en' && split === 'held_out')).toBe(30);
  });

  it('are told apart by id and by words', () => {
    expect(new Set(questions.map(({ id }) => id)).size).toBe(120);
    expect(new Set(questions.map(({ question }) => plain(question))).size).toBe(120);
  });

  it.each(questions)('$id names as many documents as its kind needs', ({ kind, relevant, answer }) => {
    const needed: Record<Kind, number> = { plain: 1, rewrite: 1, two_documents: 2, unanswerable: 0 };
    expect(new Set(relevant.map(({ document_id }) => document_id)).size).toBe(needed[kind]);
    expect(answer === null).toBe(kind === 'unanswerable');
  });

  it.each(questions.flatMap(({ id, relevant }) => relevant.map((part) => ({ id, ...part }))))(
    '$id quotes words that stand in $document_id',
    ({ document_id, quote }) => expect(textOf(document_id).replaceAll(/\s+/g, ' ')).toContain(quote),
  );

  it.each(questions)('$id is no copy of a sentence', ({ question }) => {
    const asked = plain(question);
    for (const { id, text } of documents)
      expect(plain(text).includes(asked), `a sentence of ${id}`).toBe(false);
  });

  it.each(questions.filter(({ kind }) => kind === 'rewrite'))(
    '$id shares few words with the passage that answers it',
    ({ question, relevant }) => {
      const asked = longWords(question);
      const passage = longWords(relevant.map(({ quote }) => quote).join(' '));
      const shared = [...passage].filter((word) => asked.has(word));
      expect(shared.length / passage.size, shared.join(', ')).toBeLessThanOrEqual(0.25);
    },
  );

  it('ask across the languages too', () => {
    const across = questions.filter(({ lang, relevant }) =>
      relevant.some(({ document_id }) => byId.get(document_id)?.lang !== lang),
    );
    expect(across.length).toBeGreaterThanOrEqual(8);
  });
});
