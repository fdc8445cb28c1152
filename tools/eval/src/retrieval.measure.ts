import type { SearchMode } from '@roost/contracts';
import pLimit from 'p-limit';
import type { Question } from './dataset';
import { type FoundChunk, rank, type Ranking } from './ranking';

export interface Observation extends Ranking {
  question: Question;
  mode: SearchMode;
}

export interface Searchable {
  search(query: string, mode: SearchMode, limit: number): Promise<FoundChunk[]>;
}

/** The deepest place that a measure looks at. */
export const SEARCH_LIMIT = 10;
const SEARCHES_AT_ONCE = 2;

/** Each question that has an answer, searched in each mode. */
export async function measureRetrieval(
  knowledge: Searchable,
  questions: readonly Question[],
  modes: readonly SearchMode[],
  signal: AbortSignal,
): Promise<Observation[]> {
  const limit = pLimit(SEARCHES_AT_ONCE);
  const answerable = questions.filter(({ relevant }) => relevant.length > 0);
  const observed = modes.flatMap((mode) =>
    answerable.map((question) =>
      limit(async (): Promise<Observation> => {
        signal.throwIfAborted();
        const results = await knowledge.search(question.question, mode, SEARCH_LIMIT);
        return { question, mode, ...rank(question, results) };
      }),
    ),
  );
  return Promise.all(observed);
}
