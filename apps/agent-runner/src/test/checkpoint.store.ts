import type {
  CheckpointDeleteThread,
  CheckpointGet,
  CheckpointList,
  CheckpointPut,
  CheckpointPutWrites,
  CheckpointTuple,
  PendingWrite,
} from '@roost/contracts';

type Operation = 'get' | 'list' | 'put' | 'writes' | 'delete-thread';

/** The checkpoint store's contract, kept in memory. */
export class CheckpointStore {
  private readonly tuples = new Map<string, CheckpointTuple>();
  /** What is said of each thread that is read. */
  thread: { erasures?: number } = {};
  private readonly early = new Map<string, PendingWrite[]>();

  handle(operation: Operation, body: unknown): unknown {
    switch (operation) {
      case 'get':
        return { tuple: this.get(body as CheckpointGet), ...this.thread };
      case 'list':
        return { tuples: this.list(body as CheckpointList) };
      case 'put':
        return this.put(body as CheckpointPut);
      case 'writes':
        return this.putWrites(body as CheckpointPutWrites);
      case 'delete-thread':
        return this.deleteThread(body as CheckpointDeleteThread);
    }
  }

  /** The last checkpoint of a thread. */
  newest(thread_id: string): CheckpointTuple | null {
    return this.get({ thread_id, checkpoint_ns: '', checkpoint_id: null });
  }

  private get({ thread_id, checkpoint_ns, checkpoint_id }: CheckpointGet): CheckpointTuple | null {
    return (
      this.newestFirst().find(
        (tuple) =>
          tuple.thread_id === thread_id &&
          tuple.checkpoint_ns === checkpoint_ns &&
          (checkpoint_id === null || tuple.checkpoint_id === checkpoint_id),
      ) ?? null
    );
  }

  private list(query: CheckpointList): CheckpointTuple[] {
    const { thread_id, checkpoint_ns, checkpoint_id, before, limit, filter } = query;
    return this.newestFirst()
      .filter(
        (tuple) =>
          (thread_id === null || tuple.thread_id === thread_id) &&
          (checkpoint_ns === null || tuple.checkpoint_ns === checkpoint_ns) &&
          (checkpoint_id === null || tuple.checkpoint_id === checkpoint_id) &&
          (before === null || tuple.checkpoint_id < before) &&
          Object.entries(filter).every(([name, value]) => tuple.metadata[name] === value),
      )
      .slice(0, limit ?? undefined);
  }

  private put(checkpoint: CheckpointPut): void {
    const key = keyOf(checkpoint);
    const pending_writes = this.tuples.get(key)?.pending_writes ?? this.early.get(key) ?? [];
    this.tuples.set(key, { ...checkpoint, pending_writes });
  }

  private putWrites({ writes, ...place }: CheckpointPutWrites): void {
    const key = keyOf(place);
    const stored = this.tuples.get(key)?.pending_writes ?? this.early.get(key) ?? [];
    for (const write of writes) {
      const same = stored.findIndex(
        ({ task_id, index }) => task_id === write.task_id && index === write.index,
      );
      if (same === -1) stored.push(write);
      else if (write.index < 0) stored[same] = write;
    }
    stored.sort((a, b) => (a.task_id < b.task_id ? -1 : a.task_id > b.task_id ? 1 : a.index - b.index));
    this.early.set(key, stored);
  }

  private deleteThread({ thread_id }: CheckpointDeleteThread): void {
    for (const [key, tuple] of this.tuples) if (tuple.thread_id === thread_id) this.tuples.delete(key);
    for (const key of this.early.keys()) if (key.startsWith(`${thread_id}\n`)) this.early.delete(key);
  }

  private newestFirst(): CheckpointTuple[] {
    return [...this.tuples.values()].sort((a, b) => (a.checkpoint_id < b.checkpoint_id ? 1 : -1));
  }
}

const keyOf = (place: { thread_id: string; checkpoint_ns: string; checkpoint_id: string }): string =>
  `${place.thread_id}\n${place.checkpoint_ns}\n${place.checkpoint_id}`;
