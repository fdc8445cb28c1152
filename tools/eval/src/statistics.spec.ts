import { randomOf } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { estimate } from './statistics';

describe('an estimate', () => {
  const half = Array.from({ length: 100 }, (_, index) => index % 2);

  it('is the mean of the values', () => expect(estimate([1, 0, 0, 1, 1])?.mean).toBeCloseTo(0.6));

  it('is as wide as theory says: 1.96 standard errors to each side', () => {
    const { low = 0, high = 0 } = estimate(half) ?? {};
    expect(low).toBeCloseTo(0.5 - 1.96 * 0.05, 1);
    expect(high).toBeCloseTo(0.5 + 1.96 * 0.05, 1);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.5);
  });

  it('is the same for the same values, and another for another seed', () => {
    const values = Array.from({ length: 50 }, (_, index) => Math.sin(index));
    expect(estimate(values)).toEqual(estimate(values));
    expect(estimate(values, 1)).not.toEqual(estimate(values, 2));
  });

  it('narrows with more values', () => {
    const width = (values: number[]): number => {
      const { low = 0, high = 0 } = estimate(values) ?? {};
      return high - low;
    };
    expect(width([...half, ...half, ...half, ...half])).toBeLessThan(width(half) * 0.7);
  });

  it('of values that agree has no width', () =>
    expect(estimate([1, 1, 1])).toEqual({ n: 3, mean: 1, low: 1, high: 1 }));

  it('of no values is none', () => expect(estimate([])).toBeNull());

  it('holds the true mean in about 95 of 100 experiments', () => {
    const random = randomOf(7);
    const holds = Array.from({ length: 200 }, () => {
      const { low = 1, high = 0 } = estimate(Array.from({ length: 60 }, () => +(random.next() < 0.7))) ?? {};
      return low <= 0.7 && 0.7 <= high;
    }).filter(Boolean).length;
    expect(holds / 200).toBeGreaterThan(0.88);
    expect(holds / 200).toBeLessThan(0.99);
  });
});
