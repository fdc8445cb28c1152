import { describe, expect, it } from 'vitest';
import { hasRoom } from './reading.pace';

describe('the pace of a reader', () => {
  it('waits while more than a quarter of its buffer is unread', async () => {
    const unread = [1_000, 900, 251, 250];
    await hasRoom(() => unread.shift() ?? 0, 1_000);
    expect(unread).toEqual([]);
  });

  it('does not wait for one that keeps up', async () => {
    let looks = 0;
    await hasRoom(() => ((looks += 1), 0), 1_000);
    expect(looks).toBe(1);
  });
});
