import type { SearchMode } from '@roost/contracts';
import type { Language, Question, Split } from './dataset';
import { allAt, hitAt, reciprocalRank } from './ranking';
import type { Observation } from './retrieval.measure';
import { type Estimate, estimate } from './statistics';

export interface RetrievalRow {
  split: Split;
  /** Which questions. */
  slice: string;
  mode: SearchMode;
  questions: number;
  /** Null where it was not measured: `note` says why. */
  figures: Record<RetrievalMeasure, Estimate | null> | null;
  note: string;
}

export const retrievalMeasures = [
  'hit@1',
  'hit@3',
  'hit@5',
  'hit@10',
  'MRR',
  'all@5',
  'all@10',
  'passage@5',
] as const;
export type RetrievalMeasure = (typeof retrievalMeasures)[number];

type Slice = [name: string, holds: (question: Question) => boolean];

/** `languages` of the documents, by id. */
export const slicesOf = (languages: ReadonlyMap<string, Language>): Slice[] => [
  ['all', () => true],
  ['en', ({ lang }) => lang === 'en'],
  ['ru', ({ lang }) => lang === 'ru'],
  ['plain', ({ kind }) => kind === 'plain'],
  ['rewrite', ({ kind }) => kind === 'rewrite'],
  ['two documents', ({ kind }) => kind === 'two_documents'],
  [
    'across languages',
    ({ lang, relevant }) => relevant.some(({ document_id }) => languages.get(document_id) !== lang),
  ],
];

interface Rows {
  questions: readonly Question[];
  observations: readonly Observation[];
  slices: readonly Slice[];
  splits: readonly Split[];
  /** Null for a mode that was measured, else why it was not. */
  notMeasured: Record<SearchMode, string | null>;
}

/** One row a half, slice and mode. */
export const retrievalRows = ({
  questions,
  observations,
  slices,
  splits,
  notMeasured,
}: Rows): RetrievalRow[] =>
  splits.flatMap((split) =>
    slices.flatMap(([slice, holds]) => {
      const inside = (question: Question): boolean =>
        question.split === split && question.relevant.length > 0 && holds(question);
      return (['dense', 'keyword', 'hybrid'] as const).map((mode): RetrievalRow => {
        const why = notMeasured[mode];
        const of = observations.filter((seen) => seen.mode === mode && inside(seen.question));
        const head = { split, slice, mode, questions: questions.filter(inside).length };
        return why === null
          ? { ...head, figures: figuresOf(of), note: '' }
          : { ...head, figures: null, note: `not measured (${why})` };
      });
    }),
  );

function figuresOf(observations: readonly Observation[]): Record<RetrievalMeasure, Estimate | null> {
  const over = (of: readonly Observation[], measure: (seen: Observation) => boolean | number) =>
    estimate(of.map((seen) => Number(measure(seen))));
  const pairs = observations.filter(({ question }) => question.kind === 'two_documents');
  return {
    'hit@1': over(observations, ({ documents }) => hitAt(documents, 1)),
    'hit@3': over(observations, ({ documents }) => hitAt(documents, 3)),
    'hit@5': over(observations, ({ documents }) => hitAt(documents, 5)),
    'hit@10': over(observations, ({ documents }) => hitAt(documents, 10)),
    MRR: over(observations, ({ documents }) => reciprocalRank(documents)),
    'all@5': over(pairs, ({ documents }) => allAt(documents, 5)),
    'all@10': over(pairs, ({ documents }) => allAt(documents, 10)),
    'passage@5': over(observations, ({ passages }) => hitAt(passages, 5)),
  };
}
