import { describe, expect, it } from 'vitest';
import { growthOf, type Sample } from './slope';

const line = (base: number, perMinute: number, waver = 0): Sample[] =>
  Array.from({ length: 60 }, (_, minute) => ({
    minute,
    value: base + perMinute * minute + (minute % 2 ? waver : -waver),
  }));

describe('growth', () => {
  const limit = { per_hour: 10, noise: 5 };

  it('is the slope of the line through the samples', () => {
    expect(growthOf(line(100, 0.5), limit).per_hour).toBeCloseTo(30);
  });

  it('is too much past the limit, however it wavers', () => {
    expect(growthOf(line(100, 0.5, 20), limit).tooMuch).toBe(true);
  });

  it('is nothing to a quantity that wavers about its level, or that falls', () => {
    expect(growthOf(line(100, 0, 20), limit).tooMuch).toBe(false);
    expect(growthOf(line(100, -1), limit).tooMuch).toBe(false);
  });

  it('says nothing while it is less than the noise', () => {
    expect(growthOf(line(100, 0.5).slice(0, 8), limit).tooMuch).toBe(false);
  });
});
