import type { RunnableConfig } from '@langchain/core/runnables';
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  copyCheckpoint,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  TASKS,
} from '@langchain/langgraph-checkpoint';
import type { CheckpointClient } from './checkpoint.client';
import { CheckpointCodec, configOf } from './checkpoint.codec';
import { TupleCache } from './tuple.cache';

/** Threads whose newest checkpoint is kept in memory; each holds at most the agent's memory depth. */
const THREADS_CACHED = 500;

/** LangGraph's checkpoints, kept by the manager and reached over its internal port. */
export class HttpCheckpointSaver extends BaseCheckpointSaver {
  private readonly codec = new CheckpointCodec(this.serde);
  private readonly cache: TupleCache;

  constructor(
    private readonly store: CheckpointClient,
    { threads_cached = THREADS_CACHED }: { threads_cached?: number } = {},
  ) {
    super();
    this.cache = new TupleCache(threads_cached);
  }

  async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const { thread_id, checkpoint_ns } = placeOf(config);
    if (thread_id === undefined) return undefined;
    const checkpoint_id = getCheckpointId(config) || null;
    if (checkpoint_id === null) {
      const known = this.cache.get(thread_id, checkpoint_ns);
      if (known) return known.tuple;
    }
    const { tuple: stored, erasures } = await this.store.get({ thread_id, checkpoint_ns, checkpoint_id });
    if (erasures !== undefined) this.cache.setErasures(thread_id, erasures);
    const tuple = stored ? await this.withPendingSends(await this.codec.decode(stored)) : undefined;
    if (checkpoint_id === null) this.cache.set(thread_id, checkpoint_ns, tuple);
    return tuple;
  }

  /** Spares the first run of a new thread the question for its memory. */
  expectNothing(thread_id: string): void {
    if (this.cache.get(thread_id, '')) return;
    this.cache.set(thread_id, '', undefined);
    this.cache.setErasures(thread_id, 0);
  }

  /** The manager has erased the thread, or all that is known may have been: what is asked for next is read anew. */
  forget(thread_id?: string): void {
    if (thread_id === undefined) this.cache.forgetAll();
    else this.cache.forgetThread(thread_id);
  }

  /** What it remembers from before the last of so many erasures is out of date. */
  forgetErased(thread_id: string, erasures: number): void {
    this.cache.forgetErased(thread_id, erasures);
  }

  async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    const { thread_id, checkpoint_ns } = config.configurable ?? {};
    const tuples = await this.store.list({
      thread_id: (thread_id as string | undefined) ?? null,
      checkpoint_ns: (checkpoint_ns as string | undefined) ?? null,
      checkpoint_id: getCheckpointId(config) || null,
      before: options.before ? getCheckpointId(options.before) || null : null,
      limit: options.limit ?? null,
      filter: options.filter ?? {},
    });
    for (const stored of tuples) yield this.withPendingSends(await this.codec.decode(stored));
  }

  async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    stepMetadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread_id, checkpoint_ns } = placeOf(config);
    if (thread_id === undefined) throw new Error('A checkpoint needs a thread_id in its configurable');
    const parent_checkpoint_id = getCheckpointId(config) || null;
    const metadata = { ...withMessage(stepMetadata, config), ...this.erasuresOf(thread_id) };
    const saved = copyCheckpoint(checkpoint);
    // What is not new is carried over from the parent; without a parent it is not there.
    if (parent_checkpoint_id === null) saved.channel_values = pick(saved.channel_values, newVersions);
    const next = configOf(thread_id, checkpoint_ns, checkpoint.id);
    // Unknown until the store has it: after a failed write memory must not run ahead.
    this.cache.forget(thread_id, checkpoint_ns);
    await this.store.put(
      await this.codec.encode({ thread_id, checkpoint_ns, parent_checkpoint_id }, saved, metadata),
      deadlineOf(config),
    );
    this.cache.set(thread_id, checkpoint_ns, {
      config: next,
      checkpoint: saved,
      metadata,
      pendingWrites: [],
      ...(parent_checkpoint_id === null
        ? {}
        : { parentConfig: configOf(thread_id, checkpoint_ns, parent_checkpoint_id) }),
    });
    return next;
  }

  async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const { thread_id, checkpoint_ns } = placeOf(config);
    const checkpoint_id = getCheckpointId(config);
    if (thread_id === undefined || checkpoint_id === '') {
      throw new Error('Writes need a thread_id and a checkpoint_id in their configurable');
    }
    this.cache.forget(thread_id, checkpoint_ns);
    await this.store.putWrites(
      {
        thread_id,
        checkpoint_ns,
        checkpoint_id,
        writes: await this.codec.encodeWrites(writes, taskId),
      },
      deadlineOf(config),
    );
    // A newer checkpoint, stored meanwhile, has no part in these writes.
    this.cache.forgetCheckpoint(thread_id, checkpoint_ns, checkpoint_id);
  }

  async deleteThread(threadId: string): Promise<void> {
    await this.store.deleteThread({ thread_id: threadId });
    this.cache.forgetThread(threadId);
  }

  /** So that what was read before an erasure is not written back after it. */
  private erasuresOf(thread_id: string): { erasures?: number } {
    const erasures = this.cache.erasuresOf(thread_id);
    return erasures === undefined ? {} : { erasures };
  }

  /** Checkpoints older than format 4 kept the sends of a step among their parent's writes. */
  private async withPendingSends(tuple: CheckpointTuple): Promise<CheckpointTuple> {
    const { checkpoint, parentConfig } = tuple;
    if (checkpoint.v >= 4 || !parentConfig) return tuple;
    const { thread_id, checkpoint_ns } = placeOf(parentConfig);
    const { tuple: parent } = await this.store.get({
      thread_id: thread_id ?? '',
      checkpoint_ns,
      checkpoint_id: getCheckpointId(parentConfig),
    });
    const writes = parent ? ((await this.codec.decode(parent)).pendingWrites ?? []) : [];
    const versions = Object.values(checkpoint.channel_versions);
    return {
      ...tuple,
      checkpoint: {
        ...checkpoint,
        channel_values: {
          ...checkpoint.channel_values,
          [TASKS]: writes.filter(([, channel]) => channel === TASKS).map(([, , value]) => value),
        },
        channel_versions: {
          ...checkpoint.channel_versions,
          [TASKS]: versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined),
        },
      },
    };
  }
}

function placeOf({ configurable }: RunnableConfig): { thread_id: string | undefined; checkpoint_ns: string } {
  const { thread_id, checkpoint_ns } = (configurable ?? {}) as Record<string, string | undefined>;
  return { thread_id, checkpoint_ns: checkpoint_ns ?? '' };
}

/** Whose run it was: a message that comes again finds by it whether the checkpoint is its own. */
function withMessage(metadata: CheckpointMetadata, { configurable }: RunnableConfig): CheckpointMetadata {
  const message_id: unknown = configurable?.['message_id'];
  return message_id === undefined ? metadata : Object.assign({ ...metadata }, { message_id });
}

/** Milliseconds in which it must be written, where a run does not need it. */
const deadlineOf = ({ configurable }: RunnableConfig): number | undefined =>
  configurable?.['within_ms'] as number | undefined;

const pick = (values: Record<string, unknown>, keys: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(keys, name)));
