import { describe, expect, it } from 'vitest';
import { fuse } from './reciprocal.rank';

const ranking = (...ids: string[]) => ids.map((chunk_id, index) => ({ chunk_id, score: -index }));

describe('reciprocal rank fusion', () => {
  it('sums 1 / (60 + rank), as the paper has it', () => {
    expect(fuse([ranking('a', 'b', 'c'), ranking('c', 'a')], 10)).toEqual([
      { chunk_id: 'a', score: 1 / 61 + 1 / 62 },
      { chunk_id: 'c', score: 1 / 63 + 1 / 61 },
      { chunk_id: 'b', score: 1 / 62 },
    ]);
  });

  it('keeps one order among equals, and no more than asked for', () => {
    expect(fuse([ranking('b'), ranking('a')], 10).map(({ chunk_id }) => chunk_id)).toEqual(['a', 'b']);
    expect(fuse([ranking('a', 'b', 'c')], 2)).toHaveLength(2);
    expect(fuse([], 2)).toEqual([]);
  });
});
