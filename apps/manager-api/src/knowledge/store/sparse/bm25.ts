import type { TermCounts } from './term-counts';

/**
 * Okapi BM25 with the usual constants (Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond,
 * 2009): the score of a chunk is the sum over the query's terms of idf * tf (k1 + 1) / (tf + k1 (1 - b + b length /
 * average length)), with idf = ln(1 + (N - df + 0.5) / (df + 0.5)).
 */
export const BM25 = { k1: 1.2, b: 0.75 } as const;

/** The part of BM25 that a chunk alone decides, given the average length of chunks. */
export function termWeights({ counts, length }: TermCounts, average_length: number): Map<number, number> {
  const { k1, b } = BM25;
  const norm = k1 * (1 - b + (b * length) / average_length);
  return new Map([...counts].map(([term, tf]) => [term, (tf * (k1 + 1)) / (tf + norm)]));
}
