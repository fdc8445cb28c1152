import type { InboxEntry } from '@roost/contracts';
import type { StreamEntry } from '@roost/messaging';
import pLimit from 'p-limit';

/** Messages held at once for each thread that may run: a thread's queue does not keep others from running. */
const HELD_PER_RUN = 4;

export interface ThreadSchedulerOptions {
  /** Threads answered side by side. */
  concurrency: number;
  /** Answers one message; rejects when it was handed back. */
  answer: (message: InboxEntry) => Promise<void>;
  /** Takes the stream entries of a message that was answered off the inbox. */
  acknowledge: (entry_ids: string[]) => Promise<void>;
  /** A message was neither answered nor refused; it stays in the inbox. */
  onFailure: (error: Error) => void;
}

/** One run at a time a thread, in order; threads side by side up to a bound. */
export class ThreadScheduler {
  private readonly limit;
  private readonly capacity: number;
  /** By message: its stream entries, more than one when it was sent again. */
  private readonly held = new Map<string, string[]>();
  private readonly threads = new Map<string, Promise<void>>();
  private readonly waiters: (() => void)[] = [];
  private closed = false;

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

  take({ id, payload }: StreamEntry<InboxEntry>): void {
    const known = this.held.get(payload.message_id);
    if (known) {
      if (!known.includes(id)) known.push(id);
      return;
    }
    this.held.set(payload.message_id, [id]);
    const { thread_id } = payload;
    const turn = (this.threads.get(thread_id) ?? Promise.resolve()).then(() =>
      this.limit(() => this.process(payload)),
    );
    this.threads.set(thread_id, turn);
    void turn.then(() => {
      if (this.threads.get(thread_id) === turn) this.threads.delete(thread_id);
    });
  }

  /** Resolves once at least one more message may be taken, or nothing is held. */
  async whenFree(): Promise<void> {
    if (this.free > 0) return;
    await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  /** Starts nothing more; what waits is left unacknowledged. */
  close(): void {
    this.closed = true;
  }

  /** Resolves when no run is under way. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.threads.values());
  }

  private async process(message: InboxEntry): Promise<void> {
    if (this.closed) return;
    try {
      await this.options.answer(message);
      // Until none is left: the message may be sent again while this waits.
      const entry_ids = this.held.get(message.message_id) ?? [];
      while (entry_ids.length > 0) await this.options.acknowledge(entry_ids.splice(0));
    } catch (error) {
      this.options.onFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.held.delete(message.message_id);
      this.waiters.shift()?.();
    }
  }
}
