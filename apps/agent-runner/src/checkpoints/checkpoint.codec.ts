import type { RunnableConfig } from '@langchain/core/runnables';
import {
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  type PendingWrite,
  type SerializerProtocol,
  WRITES_IDX_MAP,
} from '@langchain/langgraph-checkpoint';
import type {
  PendingWrite as WirePendingWrite,
  SerializedValue,
  StoredCheckpoint,
  CheckpointTuple as WireTuple,
} from '@roost/contracts';

/** Translates between LangGraph's checkpoints and the ones on the wire. */
export class CheckpointCodec {
  constructor(private readonly serde: SerializerProtocol) {}

  async encode(
    place: { thread_id: string; checkpoint_ns: string; parent_checkpoint_id: string | null },
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
  ): Promise<StoredCheckpoint> {
    return {
      ...place,
      checkpoint_id: checkpoint.id,
      checkpoint: await this.pack(checkpoint),
      metadata: { ...metadata },
    };
  }

  encodeWrites(writes: PendingWrite[], task_id: string): Promise<WirePendingWrite[]> {
    return Promise.all(
      writes.map(async ([channel, value], position) => ({
        task_id,
        index: WRITES_IDX_MAP[channel] ?? position,
        channel,
        value: await this.pack(value),
      })),
    );
  }

  async decode(tuple: WireTuple): Promise<CheckpointTuple> {
    const { thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id } = tuple;
    const [checkpoint, pendingWrites] = await Promise.all([
      this.unpack(tuple.checkpoint) as Promise<Checkpoint>,
      Promise.all(
        tuple.pending_writes.map(async ({ task_id, channel, value }): Promise<CheckpointPendingWrite> => [
          task_id,
          channel,
          await this.unpack(value),
        ]),
      ),
    ]);
    return {
      config: configOf(thread_id, checkpoint_ns, checkpoint_id),
      checkpoint,
      metadata: tuple.metadata as CheckpointMetadata,
      pendingWrites,
      ...(parent_checkpoint_id === null
        ? {}
        : { parentConfig: configOf(thread_id, checkpoint_ns, parent_checkpoint_id) }),
    };
  }

  private async pack(value: unknown): Promise<SerializedValue> {
    const [type, bytes] = await this.serde.dumpsTyped(value);
    return { type, base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') };
  }

  private unpack({ type, base64 }: SerializedValue): Promise<unknown> {
    return this.serde.loadsTyped(type, Buffer.from(base64, 'base64')) as Promise<unknown>;
  }
}

export const configOf = (
  thread_id: string,
  checkpoint_ns: string,
  checkpoint_id: string,
): RunnableConfig => ({
  configurable: { thread_id, checkpoint_ns, checkpoint_id },
});
