/**
 * The checkpoint store as runners see it over the internal port. Mirrors LangGraph's `BaseCheckpointSaver`
 * (getTuple, list, put, putWrites, deleteThread); values stay opaque to the manager.
 */

/** What LangGraph's serializer made of a value: its type tag and its bytes. */
export interface SerializedValue {
  type: string;
  base64: string;
}

export interface PendingWrite {
  task_id: string;
  /** Position among the task's writes; negative for LangGraph's special channels, which overwrite. */
  index: number;
  channel: string;
  value: SerializedValue;
}

export interface StoredCheckpoint {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string;
  parent_checkpoint_id: string | null;
  checkpoint: SerializedValue;
  /** Plain JSON, so that `list` can filter on it. */
  metadata: Record<string, unknown>;
}

export interface CheckpointTuple extends StoredCheckpoint {
  /** Ordered by task and index. */
  pending_writes: PendingWrite[];
}

/** `POST <checkpoints>/get` -> {@link CheckpointFound}; the newest of the namespace without `checkpoint_id`. */
export interface CheckpointGet {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string | null;
}

export interface CheckpointFound {
  tuple: CheckpointTuple | null;
  /** How often something had been erased from the thread when this was read; absent when there is no such thread. */
  erasures?: number;
}

/** `POST <checkpoints>/list` -> `{ tuples }`, newest first; null means any. */
export interface CheckpointList {
  thread_id: string | null;
  checkpoint_ns: string | null;
  checkpoint_id: string | null;
  /** Only checkpoints older than this checkpoint id. */
  before: string | null;
  limit: number | null;
  /** Metadata entries that must be equal. */
  filter: Record<string, unknown>;
}

/**
 * `POST <checkpoints>/put` -> 204; the body is a {@link StoredCheckpoint}. Repeating it is harmless. With `erasures`
 * in its metadata, 404 `thread_not_found` when the thread was deleted, or something was erased from it since: what was
 * read before is not written back.
 */
export type CheckpointPut = StoredCheckpoint;

/** `POST <checkpoints>/writes` -> 204. */
export interface CheckpointPutWrites {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string;
  writes: PendingWrite[];
}

/** `POST <checkpoints>/delete-thread` -> 204. */
export interface CheckpointDeleteThread {
  thread_id: string;
}
