import type { InboxEntry } from '@roost/contracts';
import { describe, expect, it, vi } from 'vitest';
import { ThreadScheduler } from './thread.scheduler';

const entry = (message_id: string, thread_id: string, id = `${message_id}-0`) => ({
  id,
  payload: { message_id, thread_id } as InboxEntry,
});

/** A scheduler whose runs end when the test says so. */
function heldRuns(concurrency: number) {
  const running = new Map<string, { end: () => void; fail: () => void }>();
  const acknowledge = vi.fn<(entry_ids: string[]) => Promise<void>>(() => Promise.resolve());
  const onFailure = vi.fn();
  const scheduler = new ThreadScheduler({
    concurrency,
    answer: ({ message_id }) =>
      new Promise<void>((resolve, reject) =>
        running.set(message_id, { end: resolve, fail: () => reject(new Error('handed back')) }),
      ).finally(() => running.delete(message_id)),
    acknowledge,
    onFailure,
  });
  const isRunning = (...message_ids: string[]) =>
    vi.waitFor(() => expect([...running.keys()]).toEqual(message_ids));
  return { scheduler, running, acknowledge, onFailure, isRunning };
}

describe('ThreadScheduler', () => {
  it('runs one message at a time in a thread, and threads side by side', async () => {
    const { scheduler, running, isRunning } = heldRuns(4);
    for (const message of [entry('1', 'a'), entry('2', 'a'), entry('3', 'b')]) scheduler.take(message);
    await isRunning('1', '3');
    running.get('1')?.end();
    await isRunning('3', '2');
  });

  it('runs at most so many threads, the next when one is done', async () => {
    const { scheduler, running, isRunning } = heldRuns(2);
    for (const name of ['1', '2', '3']) scheduler.take(entry(name, name));
    await isRunning('1', '2');
    running.get('2')?.end();
    await isRunning('1', '3');
  });

  it('acknowledges a message with all its entries, once it was answered', async () => {
    const { scheduler, running, acknowledge, isRunning } = heldRuns(1);
    for (const id of ['x', 'y', 'y']) scheduler.take(entry('1', 'a', id));
    await isRunning('1');
    expect(acknowledge).not.toHaveBeenCalled();
    running.get('1')?.end();
    await vi.waitFor(() => expect(acknowledge.mock.calls).toEqual([[['x', 'y']]]));
  });

  it('acknowledges what is sent again while it acknowledges', async () => {
    const { scheduler, running, acknowledge, isRunning } = heldRuns(1);
    acknowledge.mockImplementationOnce(() => {
      scheduler.take(entry('1', 'a', 'y'));
      return Promise.resolve();
    });
    scheduler.take(entry('1', 'a', 'x'));
    await isRunning('1');
    running.get('1')?.end();
    await vi.waitFor(() => expect(acknowledge.mock.calls).toEqual([[['x']], [['y']]]));
  });

  it('leaves a message that was handed back, and goes on with its thread', async () => {
    const { scheduler, running, acknowledge, onFailure, isRunning } = heldRuns(1);
    scheduler.take(entry('1', 'a'));
    scheduler.take(entry('2', 'a'));
    await isRunning('1');
    running.get('1')?.fail();
    await isRunning('2');
    expect(acknowledge).not.toHaveBeenCalled();
    expect(onFailure).toHaveBeenCalledOnce();
  });

  it('says how many messages it can still take and when', async () => {
    const { scheduler, running, isRunning } = heldRuns(1);
    for (const name of ['1', '2', '3', '4']) scheduler.take(entry(name, 'a'));
    expect(scheduler.free).toBe(0);
    const freed = vi.fn();
    void scheduler.whenFree().then(freed);
    await isRunning('1');
    expect(freed).not.toHaveBeenCalled();
    running.get('1')?.end();
    await vi.waitFor(() => expect(freed).toHaveBeenCalled());
    expect(scheduler.message_ids).toEqual(['2', '3', '4']);
  });

  it('starts nothing after it was closed', async () => {
    const { scheduler, running, isRunning } = heldRuns(1);
    scheduler.take(entry('1', 'a'));
    scheduler.take(entry('2', 'a'));
    await isRunning('1');
    scheduler.close();
    running.get('1')?.end();
    await scheduler.whenIdle();
    expect(scheduler.message_ids).toEqual(['2']);
  });
});
