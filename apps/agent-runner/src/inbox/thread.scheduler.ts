import type { InboxEntry } from '@roost/contracts';
import type { StreamEntry } from '@roost/messaging';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { RunCancelled } from '../runs/run.cancelled';
import { type Batch, ThreadQueue } from './thread.queue';

/** Messages held at once for each thread that may run: a thread's queue does not keep others from running. */
const HELD_PER_RUN = 4;
/** Messages remembered that were cancelled before they arrived. */
const CANCELLED_MAX = 1_000;

export interface ThreadSchedulerOptions {
  /** Threads answered side by side. */
  concurrency: number;
  /** Answers messages with one run. Resolves with those that need a run of their own; rejects when handed back. */
  answer: (batch: Batch, cancelled: AbortSignal) => Promise<InboxEntry[]>;
  /** These were cancelled, whether or not they have arrived. */
  onCancelled: (message_ids: string[]) => void;
  /** Ends a message that was cancelled before its run. */
  skip: (message: InboxEntry) => Promise<void>;
  /** Milliseconds without a further message before it is answered with those before it; null: it is answered alone. */
  pauseOf: (message: InboxEntry) => Promise<number | null>;
  /** Takes the stream entries of messages that were answered off the inbox. */
  acknowledge: (entry_ids: string[]) => Promise<void>;
  /** A message was neither answered nor refused; it stays in the inbox. */
  onFailure: (error: Error) => void;
}

interface Held {
  thread_id: string;
  pauses: number | undefined;
  entry_ids: string[];
  /** The message, sent again to go on with a run that has paused; that run is about to let go of it. */
  next: StreamEntry<InboxEntry> | null;
}

interface Thread {
  queue: ThreadQueue;
  running: { batch: Batch; cancel: AbortController } | null;
}

/** One run at a time a thread, in order; threads side by side up to a bound. */
export class ThreadScheduler {
  private readonly limit;
  private readonly capacity: number;
  /** By message: its stream entries, more than one when it was sent again. */
  private readonly held = new Map<string, Held>();
  private readonly threads = new Map<string, Thread>();
  private readonly work = new Set<Promise<void>>();
  private readonly cancelled = new LRUCache<string, true>({ max: CANCELLED_MAX });
  private readonly waiters: (() => void)[] = [];
  private readonly closed = new AbortController();

  constructor(private readonly options: ThreadSchedulerOptions) {
    this.limit = pLimit(options.concurrency);
    this.capacity = options.concurrency * HELD_PER_RUN;
  }

  /** Messages that may still be taken. */
  get free(): number {
    return Math.max(0, this.capacity - this.held.size);
  }

  /** Messages taken and not answered yet, oldest first. */
  get message_ids(): string[] {
    return [...this.held.keys()];
  }

  take(entry: StreamEntry<InboxEntry>): void {
    const { id, payload } = entry;
    const { message_id, thread_id, pauses } = payload;
    const known = this.held.get(message_id);
    if (known) {
      if ((pauses ?? 0) > (known.pauses ?? 0)) known.next = entry;
      else if (!known.entry_ids.includes(id)) known.entry_ids.push(id);
      return;
    }
    this.held.set(message_id, { thread_id, pauses, entry_ids: [id], next: null });
    if (this.cancelled.has(message_id)) return this.track(this.skip(payload));
    const thread = this.threads.get(thread_id) ?? { queue: new ThreadQueue(), running: null };
    thread.queue.add(payload, this.options.pauseOf(payload));
    if (this.threads.get(thread_id) === thread) return;
    this.threads.set(thread_id, thread);
    this.track(this.serve(thread_id, thread));
  }

  /** Stops the runs of these messages, and starts none for those that wait or have not arrived. */
  cancel(message_ids: string[]): void {
    this.options.onCancelled(message_ids);
    for (const message_id of message_ids) {
      this.cancelled.set(message_id, true);
      const thread = this.threads.get(this.held.get(message_id)?.thread_id ?? '');
      const waiting = thread?.queue.remove(message_id);
      if (waiting) this.track(this.skip(waiting));
      else if (thread?.running?.batch.some((message) => message.message_id === message_id))
        thread.running.cancel.abort(new RunCancelled());
    }
  }

  /** Resolves once at least one more message may be taken, or nothing is held. */
  async whenFree(): Promise<void> {
    if (this.free > 0) return;
    await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  /** Starts nothing more; what waits is left unacknowledged. */
  close(): void {
    this.closed.abort();
  }

  /** Resolves when no run is under way. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.work);
  }

  private track(work: Promise<void>): void {
    this.work.add(work);
    void work.then(() => this.work.delete(work));
  }

  private async serve(thread_id: string, thread: Thread): Promise<void> {
    while (!thread.queue.isEmpty && !this.closed.signal.aborted) {
      await thread.queue.whenDue(this.closed.signal);
      await this.limit(() => this.runNext(thread));
    }
    this.threads.delete(thread_id);
  }

  private async runNext(thread: Thread): Promise<void> {
    const batch = this.closed.signal.aborted ? null : thread.queue.take();
    if (!batch) return;
    const cancel = new AbortController();
    thread.running = { batch, cancel };
    await this.settle(batch, async () => {
      const left = await this.options.answer(batch, cancel.signal);
      const isCancelled = ({ message_id }: InboxEntry): boolean => this.cancelled.has(message_id);
      for (const message of left.filter(isCancelled)) this.track(this.skip(message));
      thread.queue.putBack(left.filter((message) => !isCancelled(message)));
      return batch.filter((message) => !left.includes(message));
    });
    thread.running = null;
  }

  private skip(message: InboxEntry): Promise<void> {
    return this.settle([message], async () => {
      await this.options.skip(message);
      return [message];
    });
  }

  /** Lets go of the messages: acknowledged together when `end` says that they have ended. */
  private async settle(batch: Batch, end: () => Promise<InboxEntry[]>): Promise<void> {
    let gone: InboxEntry[] = batch;
    try {
      gone = await end();
      // Until none is left: a message may be sent again while this waits.
      for (let entry_ids = this.takeEntries(gone); entry_ids.length > 0; entry_ids = this.takeEntries(gone))
        await this.options.acknowledge(entry_ids);
    } catch (error) {
      this.options.onFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      const again = gone.flatMap(({ message_id }) => this.held.get(message_id)?.next ?? []);
      for (const { message_id } of gone) this.held.delete(message_id);
      for (let freed = 0; freed < gone.length; freed += 1) this.waiters.shift()?.();
      for (const entry of again) this.take(entry);
    }
  }

  private takeEntries(messages: InboxEntry[]): string[] {
    return messages.flatMap(({ message_id }) => this.held.get(message_id)?.entry_ids.splice(0) ?? []);
  }
}
