import { describe, expect, it } from 'vitest';
import type { Question } from './dataset';
import { judgedMeasures, judgedNotMeasured, type JudgedReply, judgedRows } from './judged.rows';

const aReply = (id: string, kind: Question['kind'], cited: string[], declined = false): JudgedReply => ({
  question: {
    id,
    kind,
    lang: 'en',
    split: 'held_out',
    question: '?',
    relevant: kind === 'unanswerable' ? [] : [{ document_id: 'tea', quote: 'at four' }],
    answer: null,
  },
  content: '',
  cited,
  declined,
});

describe('the rows that a model judges', () => {
  const replies = [
    aReply('q001', 'plain', ['tea', 'cake']),
    aReply('q002', 'rewrite', ['tea']),
    aReply('q003', 'rewrite', [], true),
    aReply('q004', 'unanswerable', [], true),
    aReply('q005', 'unanswerable', ['cake']),
  ];
  const without = [aReply('q002', 'rewrite', []), aReply('q003', 'rewrite', [])];
  const rows = judgedRows(['held_out'], replies, without);
  const figure = (measure: string) => rows.find((row) => row.measure === measure)?.figure;

  it('count a citation when its document is needed, in replies that cite', () =>
    expect(figure(judgedMeasures.precision)).toMatchObject({ n: 2, mean: 0.75 }));

  it('count as abstention what is declined, apart for what has an answer and what has none', () => {
    expect(figure(judgedMeasures.abstention)).toMatchObject({ n: 2, mean: 0.5 });
    expect(figure(judgedMeasures.refusal)?.mean).toBeCloseTo(1 / 3);
  });

  it('compare the same questions with and without a rewrite', () =>
    expect(figure(judgedMeasures.gain)).toMatchObject({ n: 2, mean: 0.5 }));

  it('of a half without replies have no figure', () =>
    expect(judgedRows(['tuning'], replies, without).map((row) => [row.figure, row.note])).toEqual(
      Array.from({ length: 4 }, () => [null, 'no reply to judge']),
    ));

  it('say why they were not measured', () =>
    expect(judgedNotMeasured(['tuning'], 'OPENAI_API_KEY is not set').map(({ note }) => note)).toEqual(
      Array.from({ length: 4 }, () => 'not measured (OPENAI_API_KEY is not set)'),
    ));
});
