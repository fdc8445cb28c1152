import { describe, expect, it } from 'vitest';
import { allAt, hitAt, rank, reciprocalRank } from './ranking';

const results = [
  { document_id: 'tea', text: 'Tea is served at four.' },
  { document_id: 'milk', text: 'Milk is delivered.' },
  { document_id: 'tea', text: '- **Green tea**: 80\ndegrees' },
];
const needs = (...relevant: [document_id: string, quote: string][]) => ({
  relevant: relevant.map(([document_id, quote]) => ({ document_id, quote })),
});

describe('a ranking', () => {
  it('has the first place of each document that is needed', () =>
    expect(rank(needs(['milk', 'Milk'], ['tea', 'Tea']), results).documents).toEqual([2, 1]));

  it('has nowhere for a document that was not found', () =>
    expect(rank(needs(['juice', 'Juice']), results)).toEqual({ documents: [null], passages: [null] }));

  it('has a passage where its words stand, whatever the layout', () =>
    expect(rank(needs(['tea', 'Green tea: 80 degrees']), results)).toEqual({
      documents: [1],
      passages: [3],
    }));

  it('takes no passage from another document', () =>
    expect(rank(needs(['milk', 'Tea is served']), results).passages).toEqual([null]));
});

describe('the measures', () => {
  it('hit when one of the needed is among the first k', () => {
    expect(hitAt([3, null], 2)).toBe(false);
    expect(hitAt([3, null], 3)).toBe(true);
  });

  it('have all when every one of the needed is', () => {
    expect(allAt([3, 5], 3)).toBe(false);
    expect(allAt([3, 5], 5)).toBe(true);
    expect(allAt([3, null], 10)).toBe(false);
  });

  it('take the reciprocal of the best place', () => {
    expect(reciprocalRank([4, 2])).toBe(0.5);
    expect(reciprocalRank([null])).toBe(0);
  });
});
