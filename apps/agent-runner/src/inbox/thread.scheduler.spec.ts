import type { InboxEntry } from '@roost/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JOINED_MAX, PAUSES_MAX } from './thread.queue';
import { ThreadScheduler } from './thread.scheduler';

const entry = (message_id: string, thread_id: string, id = `${message_id}-0`) => ({
  id,
  payload: { message_id, thread_id, user_id: 'ada', user_data: {} } as InboxEntry,
});

/** A scheduler whose runs end when the test says so. */
function heldRuns(concurrency: number, pause_ms: number | null = null) {
  const running = new Map<string, { end: (left?: string[]) => void; fail: () => void }>();
  const acknowledge = vi.fn<(entry_ids: string[]) => Promise<void>>(() => Promise.resolve());
  const onFailure = vi.fn();
  const skip = vi.fn<(message: InboxEntry) => Promise<void>>(() => Promise.resolve());
  const scheduler = new ThreadScheduler({
    concurrency,
    answer: (batch, cancelled) => {
      const name = batch.map(({ message_id }) => message_id).join('+');
      return new Promise<InboxEntry[]>((resolve, reject) => {
        cancelled.addEventListener('abort', () => resolve([]));
        running.set(name, {
          end: (left = []) => resolve(left.map((id) => batch.find((message) => message.message_id === id)!)),
          fail: () => reject(new Error('handed back')),
        });
      }).finally(() => running.delete(name));
    },
    onCancelled: () => undefined,
    skip,
    pauseOf: () => Promise.resolve(pause_ms),
    acknowledge,
    onFailure,
  });
  const isRunning = (...message_ids: string[]) =>
    vi.waitFor(() => expect([...running.keys()]).toEqual(message_ids));
  return { scheduler, running, skip, acknowledge, onFailure, isRunning };
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

describe('a cancel', () => {
  it('stops the run of a message, acknowledges it, and goes on with the thread', async () => {
    const { scheduler, acknowledge, skip, isRunning } = heldRuns(1);
    for (const name of ['1', '2']) scheduler.take(entry(name, 'a'));
    await isRunning('1');
    scheduler.cancel(['1']);
    await isRunning('2');
    expect(acknowledge.mock.calls).toEqual([[['1-0']]]);
    expect(skip).not.toHaveBeenCalled();
  });

  it('ends a message that waits at once, while the run before it goes on', async () => {
    const { scheduler, running, skip, acknowledge, isRunning } = heldRuns(1);
    for (const name of ['1', '2', '3']) scheduler.take(entry(name, 'a'));
    await isRunning('1');
    scheduler.cancel(['2']);
    await vi.waitFor(() => expect(acknowledge.mock.calls).toEqual([[['2-0']]]));
    expect(skip.mock.calls.map(([{ message_id }]) => message_id)).toEqual(['2']);
    expect(scheduler.message_ids).toEqual(['1', '3']);
    running.get('1')?.end();
    await isRunning('3');
  });

  it('of a message that has not arrived yet never lets it start', async () => {
    const { scheduler, running, skip, isRunning } = heldRuns(1);
    scheduler.cancel(['1']);
    for (const name of ['1', '2']) scheduler.take(entry(name, 'a'));
    await isRunning('2');
    expect(skip).toHaveBeenCalledOnce();
    expect([...running.keys()]).toEqual(['2']);
  });
});

describe('a collection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const names = (count: number) => Array.from({ length: count }, (_, index) => String(index));

  it('waits for a pause after the latest message and answers all with one run, acknowledged together', async () => {
    const { scheduler, running, acknowledge } = heldRuns(2, 100);
    scheduler.take(entry('1', 'a'));
    await pass(90);
    scheduler.take(entry('2', 'a'));
    await pass(90);
    expect([...running.keys()]).toEqual([]);
    await pass(10);
    expect([...running.keys()]).toEqual(['1+2']);
    running.get('1+2')?.end();
    await pass(0);
    expect(acknowledge.mock.calls).toEqual([[['1-0', '2-0']]]);
  });

  it('joins what arrives during a run into the next', async () => {
    const { scheduler, running } = heldRuns(2, 100);
    scheduler.take(entry('1', 'a'));
    await pass(100);
    for (const name of ['2', '3']) scheduler.take(entry(name, 'a'));
    await pass(200);
    expect([...running.keys()]).toEqual(['1']);
    running.get('1')?.end();
    await pass(0);
    expect([...running.keys()]).toEqual(['2+3']);
  });

  it('ends after so many pauses, and with so many messages, however many come', async () => {
    const { scheduler, running } = heldRuns(20, 100);
    for (const name of names(PAUSES_MAX * 2)) {
      if (running.size > 0) break;
      scheduler.take(entry(`slow${name}`, 'a'));
      await pass(75);
    }
    expect([...running.keys()][0]?.split('+')).toHaveLength(14);
    for (const name of names(JOINED_MAX)) scheduler.take(entry(name, 'b'));
    await pass(0);
    expect([...running.keys()][1]).toBe(names(JOINED_MAX).join('+'));
  });

  it.each([
    ['another user', { user_id: 'bob' }],
    ['other data of the user', { user_data: { is_authenticated: true } }],
  ])('ends before a message of %s: what one asks is never done as another', async (_whose, changes) => {
    const { scheduler, running } = heldRuns(2, 100);
    const other = entry('3', 'a');
    Object.assign(other.payload, changes);
    for (const message of [entry('1', 'a'), entry('2', 'a'), other, entry('4', 'a')]) scheduler.take(message);
    for (const joined of ['1+2', '3', '4']) {
      await pass(100);
      expect([...running.keys()]).toEqual([joined]);
      running.get(joined)?.end();
      await pass(0);
    }
  });

  it('goes on with those that its run has left', async () => {
    const { scheduler, running, acknowledge } = heldRuns(1, 100);
    for (const name of ['1', '2', '3']) scheduler.take(entry(name, 'a'));
    await pass(100);
    running.get('1+2+3')?.end(['2', '3']);
    await pass(0);
    expect(acknowledge.mock.calls).toEqual([[['1-0']]]);
    expect([...running.keys()]).toEqual(['2+3']);
  });

  it('is given up when the scheduler closes, and nothing of it is acknowledged', async () => {
    const { scheduler, running, acknowledge } = heldRuns(1, 100);
    scheduler.take(entry('1', 'a'));
    await pass(50);
    scheduler.close();
    await scheduler.whenIdle();
    expect(running.size + acknowledge.mock.calls.length).toBe(0);
    expect(scheduler.message_ids).toEqual(['1']);
  });

  it('goes on without a message that is cancelled meanwhile', async () => {
    const { scheduler, running, skip } = heldRuns(1, 100);
    for (const name of ['1', '2']) scheduler.take(entry(name, 'a'));
    await pass(50);
    scheduler.cancel(['1']);
    await pass(50);
    expect([...running.keys()]).toEqual(['2']);
    expect(skip).toHaveBeenCalledOnce();
  });
});
