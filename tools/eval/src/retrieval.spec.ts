import type { SearchMode } from '@roost/contracts';
import { describe, expect, it } from 'vitest';
import type { Question } from './dataset';
import { measureRetrieval, type Searchable } from './retrieval.measure';
import { retrievalRows, slicesOf } from './retrieval.rows';

const aQuestion = (overrides: Partial<Question>): Question => ({
  id: 'q001',
  lang: 'en',
  kind: 'plain',
  split: 'tuning',
  question: 'When is tea?',
  relevant: [{ document_id: 'tea', quote: 'at four' }],
  answer: 'four',
  ...overrides,
});
const questions = [
  aQuestion({}),
  aQuestion({
    id: 'q002',
    kind: 'two_documents',
    question: 'Tea and milk?',
    relevant: [
      { document_id: 'tea', quote: 'at four' },
      { document_id: 'milk', quote: 'at dawn' },
    ],
  }),
  aQuestion({ id: 'q003', lang: 'ru', split: 'held_out', question: 'Когда чай?' }),
  aQuestion({ id: 'q004', kind: 'unanswerable', question: 'Juice?', relevant: [], answer: null }),
];
const tea = { document_id: 'tea', text: 'Tea is at four.' };
const cake = { document_id: 'cake', text: 'Cake is at five.' };
/** By its words it finds tea behind cake; by meaning it finds nothing. */
const knowledge: Searchable = {
  search: (_, mode) => Promise.resolve(mode === 'dense' ? [] : [cake, tea]),
};
const languages = new Map([
  ['tea', 'en'],
  ['milk', 'ru'],
] as const);

const rowsWith = async (modes: SearchMode[], dense: string | null = null) =>
  retrievalRows({
    questions,
    observations: await measureRetrieval(knowledge, questions, modes, AbortSignal.timeout(5_000)),
    slices: slicesOf(languages),
    splits: ['tuning', 'held_out'],
    notMeasured: { dense, keyword: null, hybrid: dense },
  });

describe('the rows of the retrieval', () => {
  it('have the figures of a half, by mode', async () => {
    const rows = await rowsWith(['dense', 'keyword', 'hybrid']);
    const figures = (mode: SearchMode) =>
      rows.find((row) => row.mode === mode && row.slice === 'all' && row.split === 'tuning')?.figures;
    expect(figures('keyword')).toMatchObject({
      'hit@1': { n: 2, mean: 0 },
      'hit@3': { n: 2, mean: 1 },
      MRR: { mean: 0.5 },
      'all@10': { n: 1, mean: 0 },
      'passage@5': { mean: 1 },
    });
    expect(figures('dense')).toMatchObject({ 'hit@10': { n: 2, mean: 0 } });
  });

  it('keep the halves, the languages and the kinds apart, and leave out what has no answer', async () => {
    const rows = await rowsWith(['keyword'], 'why');
    const counts = rows
      .filter(({ mode }) => mode === 'keyword')
      .map((row) => [row.split, row.slice, row.questions]);
    expect(counts).toEqual([
      ['tuning', 'all', 2],
      ['tuning', 'en', 2],
      ['tuning', 'ru', 0],
      ['tuning', 'plain', 1],
      ['tuning', 'rewrite', 0],
      ['tuning', 'two documents', 1],
      ['tuning', 'across languages', 1],
      ['held_out', 'all', 1],
      ['held_out', 'en', 0],
      ['held_out', 'ru', 1],
      ['held_out', 'plain', 1],
      ['held_out', 'rewrite', 0],
      ['held_out', 'two documents', 0],
      ['held_out', 'across languages', 1],
    ]);
  });

  it('say why a mode was not measured, and give no figure for it', async () => {
    const rows = await rowsWith(['keyword'], 'EMBEDDING_BASE_URL is not set');
    const dense = rows.filter(({ mode }) => mode !== 'keyword');
    expect(dense.map(({ figures }) => figures)).toEqual(dense.map(() => null));
    expect(new Set(dense.map(({ note }) => note))).toEqual(
      new Set(['not measured (EMBEDDING_BASE_URL is not set)']),
    );
  });
});
