import { describe, expect, it, vi } from 'vitest';
import { InFlight } from './in-flight';

describe('calls in flight', () => {
  it('are one call for one key, and others for other keys', async () => {
    const calls = new InFlight();
    const call = vi.fn(() => Promise.resolve());
    await Promise.all([calls.once('a', call), calls.once('a', call), calls.once('b', call)]);
    expect(call).toHaveBeenCalledTimes(2);
  });

  it('fail for all who joined, and are made anew afterwards', async () => {
    const calls = new InFlight();
    const failing = (): Promise<void> => Promise.reject(new Error('no answer'));
    const outcomes = await Promise.allSettled([calls.once('a', failing), calls.once('a', failing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(calls.once('a', () => Promise.resolve())).resolves.toBeUndefined();
  });
});
