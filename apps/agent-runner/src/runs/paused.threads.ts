import type { InboxEntry } from '@roost/contracts';
import { LRUCache } from 'lru-cache';

/** Threads remembered; one that is forgotten may at worst answer a message before its turn. */
const THREADS_MAX = 10_000;

/**
 * Threads whose run waits for approval. The manager sends nothing of such a thread until its turn has come, and
 * counts its pauses: whatever bears a lower count was on its way before it knew, and comes again.
 */
export class PausedThreads {
  private readonly pauses = new LRUCache<string, number>({ max: THREADS_MAX });

  /** The run of this message has paused. */
  pause({ thread_id, pauses = 0 }: InboxEntry): void {
    this.pauses.set(thread_id, pauses + 1);
  }

  isOutOfTurn({ thread_id, pauses = 0 }: InboxEntry): boolean {
    return pauses < (this.pauses.get(thread_id) ?? 0);
  }
}
