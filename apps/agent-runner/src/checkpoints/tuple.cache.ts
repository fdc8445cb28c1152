import { type CheckpointTuple, copyCheckpoint } from '@langchain/langgraph-checkpoint';
import { LRUCache } from 'lru-cache';

/** Threads whose erasures are remembered; what is written of another is not checked against them. */
const ERASURES_MAX = 10_000;

/**
 * The newest tuple of each thread, or the knowledge that a thread has none. True because one instance at a time
 * writes an agent's checkpoints: the manager refuses the token of an older one.
 *
 * Values are shared, not copied: a node returns new messages and never changes those it was given.
 */
export class TupleCache {
  private readonly newest: LRUCache<string, { tuple: CheckpointTuple | undefined }>;
  /** How often something had been erased from a thread when it was read. */
  private readonly erasures = new LRUCache<string, number>({ max: ERASURES_MAX });

  /** `max` threads; 0 switches the cache off. */
  constructor(private readonly max: number) {
    this.newest = new LRUCache({ max: Math.max(1, max) });
  }

  /** Undefined when the cache does not know; a tuple of undefined when there is none. */
  get(thread_id: string, checkpoint_ns: string): { tuple: CheckpointTuple | undefined } | undefined {
    const known = this.newest.get(key(thread_id, checkpoint_ns));
    if (!known?.tuple) return known;
    const { tuple } = known;
    return { tuple: { ...tuple, checkpoint: copyCheckpoint(tuple.checkpoint) } };
  }

  set(thread_id: string, checkpoint_ns: string, tuple: CheckpointTuple | undefined): void {
    if (this.max > 0) this.newest.set(key(thread_id, checkpoint_ns), { tuple });
  }

  /** Something about the thread changed that the cache cannot follow. */
  forget(thread_id: string, checkpoint_ns: string): void {
    this.newest.delete(key(thread_id, checkpoint_ns));
  }

  /** Forgets the newest tuple if it is this one, or is not known to be another. */
  forgetCheckpoint(thread_id: string, checkpoint_ns: string, checkpoint_id: string): void {
    const newest = this.newest.peek(key(thread_id, checkpoint_ns));
    if (newest?.tuple?.checkpoint.id !== undefined && newest.tuple.checkpoint.id !== checkpoint_id) return;
    this.forget(thread_id, checkpoint_ns);
  }

  /** Something was erased from the thread, so often by now. */
  forgetErased(thread_id: string, erasures: number): void {
    if (erasures > (this.erasures.get(thread_id) ?? 0)) this.forgetThread(thread_id);
  }

  /** Of what was last read of the thread; undefined when that is not known. */
  erasuresOf(thread_id: string): number | undefined {
    return this.erasures.get(thread_id);
  }

  setErasures(thread_id: string, erasures: number): void {
    this.erasures.set(thread_id, erasures);
  }

  forgetAll(): void {
    this.newest.clear();
  }

  forgetThread(thread_id: string): void {
    for (const known of [...this.newest.keys()]) {
      if (known.startsWith(key(thread_id, ''))) this.newest.delete(known);
    }
  }
}

const key = (thread_id: string, checkpoint_ns: string): string => `${thread_id}\n${checkpoint_ns}`;
