import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { HANDOFF_DEPTH_MAX } from '@roost/contracts';
import { DataSource } from 'typeorm';
import { newestFirst, type PageRequest } from '../database/page';
import { ThreadEntity } from './thread.entity';

@Injectable()
export class ThreadsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  find(id: string): Promise<ThreadEntity | null> {
    return this.database.getRepository(ThreadEntity).findOneBy({ id });
  }

  page(agent_id: string, request: PageRequest): Promise<ThreadEntity[]> {
    const rows = this.database
      .getRepository(ThreadEntity)
      .createQueryBuilder('row')
      .where('row.agent_id = :agent_id', { agent_id });
    return newestFirst(rows, request).getMany();
  }

  /** Ids of an agent's threads that follow one, in order of their ids. */
  async idsAfter(agent_id: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }[]>(
      'SELECT id FROM threads WHERE agent_id = $1 AND id > $2 ORDER BY id LIMIT $3',
      [agent_id, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** The thread and the conversations of other agents that were begun for it, those furthest from it first. */
  async withHandedOver(id: string): Promise<Pick<ThreadEntity, 'id' | 'agent_id'>[]> {
    return this.database.query(
      `WITH RECURSIVE handed_over AS (
         SELECT id, agent_id, 0 AS depth FROM threads WHERE id = $1
         UNION
         SELECT threads.id, threads.agent_id, above.depth + 1 FROM handed_over AS above
           JOIN messages ON messages.thread_id = above.id
           JOIN handoffs ON handoffs.calling_message_id = messages.id
           JOIN threads ON threads.id = handoffs.thread_id
         WHERE above.depth < $2)
       SELECT id, agent_id FROM handed_over ORDER BY depth DESC`,
      [id, HANDOFF_DEPTH_MAX],
    );
  }

  /** Its messages and checkpoints go with it. */
  async delete({ id, agent_id }: Pick<ThreadEntity, 'id' | 'agent_id'>): Promise<void> {
    await this.database.transaction(async (tx) => {
      // First: a checkpoint that is being stored holds the row, and goes with the others.
      await tx.delete(ThreadEntity, { id });
      await tx.query('DELETE FROM checkpoint_writes WHERE agent_id = $1 AND thread_id = $2', [agent_id, id]);
      await tx.query('DELETE FROM checkpoints WHERE agent_id = $1 AND thread_id = $2', [agent_id, id]);
    });
  }
}
