import { describe, expect, it } from 'vitest';
import { BoundedLabel } from './bounded.label';

describe('a label whose values users choose', () => {
  it('keeps the names of the first ones, and calls all further ones other', () => {
    const label = new BoundedLabel(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b'].map((value) => label.of(value))).toEqual([
      'a',
      'b',
      'other',
      'a',
      'other',
      'b',
    ]);
  });

  it('keeps no name that is endless, or none', () => {
    const label = new BoundedLabel(2);
    expect(label.of('x'.repeat(101))).toBe('other');
    expect(label.of('')).toBe('other');
    expect(['a', 'b'].map((value) => label.of(value))).toEqual(['a', 'b']);
  });
});
