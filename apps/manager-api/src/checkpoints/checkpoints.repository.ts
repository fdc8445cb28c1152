import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  type CheckpointFound,
  type CheckpointGet,
  type CheckpointList,
  type CheckpointPut,
  type CheckpointPutWrites,
  type CheckpointTuple,
  type PendingWrite,
  ServiceError,
} from '@roost/contracts';
import { DataSource, In } from 'typeorm';
import { PreparedStatement } from '../database/prepared.statement';
import { CheckpointEntity, CheckpointWriteEntity } from './checkpoint.entity';

const ERASED = 'The thread was deleted, or something was erased from it, since it was read.';
const LIST_MAX = 1_000;
/** Checkpoints of a thread that stay once its run has ended. */
const KEPT = 3;

const PUT = new PreparedStatement(
  'put-checkpoint',
  `WITH thread AS (SELECT 1 FROM threads WHERE agent_id = $1 AND id = $2
                     AND erasures = ($8::jsonb->>'erasures')::int FOR SHARE)
   INSERT INTO checkpoints (agent_id, thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, value_type, value, metadata)
   SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::bytea, $8::jsonb
   WHERE NOT $8::jsonb ? 'erasures' OR EXISTS (SELECT FROM thread)
   ON CONFLICT (agent_id, thread_id, checkpoint_ns, checkpoint_id)
   DO UPDATE SET value_type = excluded.value_type, value = excluded.value, metadata = excluded.metadata
   RETURNING checkpoint_id`,
);
const PRUNE = new PreparedStatement(
  'prune-checkpoints',
  `WITH oldest AS (SELECT checkpoint_id FROM checkpoints WHERE agent_id = $1 AND thread_id = $2 AND checkpoint_ns = ''
                   ORDER BY checkpoint_id DESC OFFSET ${KEPT - 1} LIMIT 1),
   writes AS (DELETE FROM checkpoint_writes WHERE agent_id = $1 AND thread_id = $2 AND checkpoint_ns = ''
              AND checkpoint_id < (SELECT checkpoint_id FROM oldest))
   DELETE FROM checkpoints WHERE agent_id = $1 AND thread_id = $2 AND checkpoint_ns = ''
   AND checkpoint_id < (SELECT checkpoint_id FROM oldest)`,
);

@Injectable()
export class CheckpointsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  async get(
    agent_id: string,
    { thread_id, checkpoint_ns, checkpoint_id }: CheckpointGet,
  ): Promise<CheckpointFound> {
    // First: should something be erased between the two, what is read is newer than it is said to be.
    const [thread] = await this.database.query<{ erasures: number }[]>(
      'SELECT erasures FROM threads WHERE agent_id = $1 AND id = $2',
      [agent_id, thread_id],
    );
    const found = await this.database.getRepository(CheckpointEntity).find({
      where: { agent_id, thread_id, checkpoint_ns, ...(checkpoint_id === null ? {} : { checkpoint_id }) },
      order: { checkpoint_id: 'DESC' },
      take: 1,
    });
    const [tuple] = await this.withWrites(agent_id, found);
    return { tuple: tuple ?? null, ...thread };
  }

  async list(agent_id: string, query: CheckpointList): Promise<CheckpointTuple[]> {
    const rows = this.database
      .getRepository(CheckpointEntity)
      .createQueryBuilder('row')
      .where('row.agent_id = :agent_id AND row.metadata @> :filter', {
        agent_id,
        filter: JSON.stringify(query.filter),
      })
      .orderBy('row.checkpoint_id', 'DESC')
      .take(Math.min(query.limit ?? LIST_MAX, LIST_MAX));
    for (const field of ['thread_id', 'checkpoint_ns', 'checkpoint_id'] as const) {
      if (query[field] !== null) rows.andWhere(`row.${field} = :${field}`, { [field]: query[field] });
    }
    if (query.before !== null) rows.andWhere('row.checkpoint_id < :before', { before: query.before });
    return this.withWrites(agent_id, await rows.getMany());
  }

  /**
   * An erasure writes the thread's row, and this waits for it.
   * @throws {ServiceError} `thread_not_found` when it was deleted or erased from since it was read.
   */
  async put(agent_id: string, { checkpoint, ...row }: CheckpointPut): Promise<void> {
    const stored = await PUT.run(this.database, [
      agent_id,
      row.thread_id,
      row.checkpoint_ns,
      row.checkpoint_id,
      row.parent_checkpoint_id,
      checkpoint.type,
      Buffer.from(checkpoint.base64, 'base64'),
      row.metadata,
    ]);
    if (stored.length === 0) throw new ServiceError('thread_not_found', ERASED);
  }

  /** LangGraph's special channels (negative index) overwrite, ordinary writes are kept as they were first written. */
  async putWrites(agent_id: string, { writes, ...place }: CheckpointPutWrites): Promise<void> {
    const rows = writes.map((write) => ({
      agent_id,
      ...place,
      task_id: write.task_id,
      index: write.index,
      channel: write.channel,
      value_type: write.value.type,
      value: Buffer.from(write.value.base64, 'base64'),
    }));
    const insert = this.database
      .getRepository(CheckpointWriteEntity)
      .createQueryBuilder()
      .insert()
      .values(rows);
    await (
      writes.every(({ index }) => index < 0)
        ? insert.orUpdate(
            ['channel', 'value_type', 'value'],
            ['agent_id', 'thread_id', 'checkpoint_ns', 'checkpoint_id', 'task_id', 'index'],
          )
        : insert.orIgnore()
    ).execute();
  }

  async deleteThread(agent_id: string, thread_id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.delete(CheckpointWriteEntity, { agent_id, thread_id });
      await tx.delete(CheckpointEntity, { agent_id, thread_id });
    });
  }

  /** Forgets all but the newest checkpoints of a thread. */
  async prune(agent_id: string, thread_id: string): Promise<void> {
    await PRUNE.run(this.database, [agent_id, thread_id]);
  }

  private async withWrites(agent_id: string, rows: CheckpointEntity[]): Promise<CheckpointTuple[]> {
    if (rows.length === 0) return [];
    const writes = await this.database.getRepository(CheckpointWriteEntity).find({
      where: {
        agent_id,
        thread_id: In(distinct(rows, 'thread_id')),
        checkpoint_id: In(distinct(rows, 'checkpoint_id')),
      },
      order: { task_id: 'ASC', index: 'ASC' },
    });
    return rows.map((row) => ({
      thread_id: row.thread_id,
      checkpoint_ns: row.checkpoint_ns,
      checkpoint_id: row.checkpoint_id,
      parent_checkpoint_id: row.parent_checkpoint_id,
      checkpoint: { type: row.value_type, base64: row.value.toString('base64') },
      metadata: row.metadata,
      pending_writes: writes.filter((write) => belongsTo(write, row)).map(toPendingWrite),
    }));
  }
}

const distinct = (rows: CheckpointEntity[], field: 'thread_id' | 'checkpoint_id'): string[] => [
  ...new Set(rows.map((row) => row[field])),
];

const belongsTo = (write: CheckpointWriteEntity, row: CheckpointEntity): boolean =>
  write.thread_id === row.thread_id &&
  write.checkpoint_ns === row.checkpoint_ns &&
  write.checkpoint_id === row.checkpoint_id;

const toPendingWrite = (write: CheckpointWriteEntity): PendingWrite => ({
  task_id: write.task_id,
  index: write.index,
  channel: write.channel,
  value: { type: write.value_type, base64: write.value.toString('base64') },
});
