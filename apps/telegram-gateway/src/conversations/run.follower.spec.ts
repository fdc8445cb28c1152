import { describe, expect, it, vi } from 'vitest';
import type { ManagerClient } from '../manager/manager.client';
import { ManagerRefusal } from '../manager/manager.error';
import { followRun } from './run.follower';

vi.mock('../ingest/pause', async (original) => ({
  ...(await original<object>()),
  pause: () => Promise.resolve(),
}));

describe('a run that cannot be followed', () => {
  it('is tried again for as long as somebody waits for its answer', async () => {
    const run = vi.fn(() => {
      throw new ManagerRefusal(500, 'internal_error', 'The manager answered 500.', null);
    });
    const failing = vi.fn();
    const isWanted = vi.fn(() => Promise.resolve(run.mock.calls.length < 3));
    const end = followRun(
      { run } as unknown as ManagerClient,
      'agent_a',
      { content: 'hello' },
      { accepted: () => Promise.resolve(), frame: () => Promise.resolve(), isWanted, failing },
      new AbortController().signal,
    );
    expect(await end).toBeNull();
    expect(run).toHaveBeenCalledTimes(3);
    expect(failing).toHaveBeenCalledTimes(3);
  });
});
