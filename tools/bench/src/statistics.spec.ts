import { describe, expect, it } from 'vitest';
import { median, percentile } from './statistics';

describe('median', () => {
  it('is the middle sample, whatever the order', () => expect(median([9, 1, 2])).toBe(2));
  it('is the mean of the middle two', () => expect(median([4, 1, 2, 9])).toBe(3));
  it('leaves the samples in their order', () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  it('is by nearest rank', () => expect(percentile(hundred, 0.99)).toBe(99));
  it('of few samples is the largest', () => expect(percentile([1, 2, 3], 0.99)).toBe(3));
  it('needs a sample', () => expect(() => percentile([], 0.5)).toThrow('no samples'));
});
