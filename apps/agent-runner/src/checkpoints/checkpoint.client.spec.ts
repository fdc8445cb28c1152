import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManagerClient, ManagerUnavailableError } from '../exchange/manager.client';
import { CheckpointClient } from './checkpoint.client';

describe('a run that waits for its memory', () => {
  const client = new CheckpointClient(new ManagerClient('http://manager.test/agents/a/config', 'token'));
  const question = { thread_id: 'thr_1', checkpoint_ns: '', checkpoint_id: null };
  let isThere: (second: number) => boolean;
  beforeEach(() => {
    vi.useFakeTimers();
    const began = Date.now();
    vi.stubGlobal('fetch', () =>
      isThere((Date.now() - began) / 1_000)
        ? Promise.resolve(Response.json({ tuple: null }))
        : Promise.reject(new TypeError('fetch failed')),
    );
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('gets it when no manager was there for a minute and a half', async () => {
    isThere = (second) => second > 90;
    const answer = client.get(question);
    await vi.advanceTimersByTimeAsync(95_000);
    expect(await answer).toEqual({ tuple: null });
  });

  it('asks at least once a second, so that a manager that is there for a moment is met', async () => {
    const asked: number[] = [];
    isThere = (second) => asked.push(second) > 30;
    const answer = client.get(question);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await answer).toEqual({ tuple: null });
    const pauses = asked.slice(1).map((second, index) => second - (asked[index] ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(1.1);
  });

  it('is not kept waiting for ever', async () => {
    isThere = () => false;
    const refusal = expect(client.get(question)).rejects.toThrow(ManagerUnavailableError);
    await vi.advanceTimersByTimeAsync(130_000);
    await refusal;
  });
});
