/** As in the paper; see {@link fuse}. */
export const RRF_K = 60;

export interface Ranked {
  chunk_id: string;
  score: number;
}

/**
 * Reciprocal rank fusion: a chunk scores the sum of 1 / (k + rank) over the rankings that hold it, ranks from 1
 * (Cormack, Clarke, Buettcher, SIGIR 2009). Equal scores keep one order, by id.
 */
export function fuse(rankings: Ranked[][], limit: number): Ranked[] {
  const scores = new Map<string, number>();
  for (const ranking of rankings) {
    ranking.forEach(({ chunk_id }, index) => {
      scores.set(chunk_id, (scores.get(chunk_id) ?? 0) + 1 / (RRF_K + index + 1));
    });
  }
  return [...scores]
    .map(([chunk_id, score]) => ({ chunk_id, score }))
    .sort(bestFirst)
    .slice(0, limit);
}

export const bestFirst = (one: Ranked, other: Ranked): number =>
  other.score - one.score || (one.chunk_id < other.chunk_id ? -1 : 1);

/** How many each ranking contributes to a fusion: further down, a rank decides nothing any more. */
export const candidatesFor = (limit: number): number => Math.min(Math.max(limit * 4, 40), 200);
