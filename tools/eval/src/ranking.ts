import type { Question } from './dataset';

/** One result of a search, with the document named as the set names it. */
export interface FoundChunk {
  document_id: string;
  text: string;
}

/** Of each document that the answer needs: the place (from 1) where the search has it first, null for nowhere. */
export interface Ranking {
  documents: (number | null)[];
  /** The same of the passages: a chunk counts when it holds the quoted words. */
  passages: (number | null)[];
}

export const rank = ({ relevant }: Pick<Question, 'relevant'>, results: readonly FoundChunk[]): Ranking => ({
  documents: relevant.map(({ document_id }) =>
    placeOf(results, (chunk) => chunk.document_id === document_id),
  ),
  passages: relevant.map(({ document_id, quote }) =>
    placeOf(
      results,
      (chunk) => chunk.document_id === document_id && lettersOf(chunk.text).includes(lettersOf(quote)),
    ),
  ),
});

/** Whether anything needed is among the first `k`. */
export const hitAt = (places: Places, k: number): boolean =>
  places.some((place) => place !== null && place <= k);

/** Whether everything needed is among the first `k`. */
export const allAt = (places: Places, k: number): boolean =>
  places.every((place) => place !== null && place <= k);

/** One divided by the place of the first that is needed; 0 when none was found. */
export const reciprocalRank = (places: Places): number =>
  Math.max(0, ...places.map((place) => (place === null ? 0 : 1 / place)));

type Places = readonly (number | null)[];

function placeOf(results: readonly FoundChunk[], fits: (chunk: FoundChunk) => boolean): number | null {
  const index = results.findIndex(fits);
  return index < 0 ? null : index + 1;
}

/** Chunks may have lost their line breaks and Markdown. */
const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
