import { describe, expect, it } from 'vitest';
import { withinDeadline } from './deadline';

describe('work with a deadline', () => {
  it('gives what the work gives, or fails as it fails', async () => {
    await expect(withinDeadline(Promise.resolve(7), 60_000, 'this')).resolves.toBe(7);
    await expect(withinDeadline(Promise.reject(new Error('no')), 60_000, 'this')).rejects.toThrow('no');
  });

  it('is given up when it does not end', async () => {
    const never = new Promise<never>(() => undefined);
    await expect(withinDeadline(never, 10, 'the pass')).rejects.toThrow('the pass did not end within 0.01 s');
  });
});
