import type { InboxEntry } from '@roost/contracts';
import { LRUCache } from 'lru-cache';
import { type Batch, lastOf } from '../inbox/thread.queue';

/** Threads remembered; one that is forgotten may at worst answer a message before its turn. */
const THREADS_MAX = 10_000;

/**
 * Threads whose run waits for approval. The manager sends nothing of such a thread until its turn has come, and
 * counts its pauses: whatever bears a lower count was on its way before it knew, and comes again. The paused messages
 * themselves are let through: if they come as they were, the news of their pause was lost.
 */
export class PausedThreads {
  private readonly threads = new LRUCache<string, { pauses: number; message_ids: string[] }>({
    max: THREADS_MAX,
  });

  /** The run of these messages has paused. */
  pause(batch: Batch): void {
    const { thread_id, pauses = 0 } = lastOf(batch);
    const message_ids = batch.map(({ message_id }) => message_id);
    this.threads.set(thread_id, { pauses: pauses + 1, message_ids });
  }

  isOutOfTurn({ thread_id, message_id, pauses = 0 }: InboxEntry): boolean {
    const paused = this.threads.get(thread_id);
    return paused !== undefined && pauses < paused.pauses && !paused.message_ids.includes(message_id);
  }
}
