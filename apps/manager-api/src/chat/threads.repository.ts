import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
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

  /** Its messages and checkpoints go with it. */
  async delete({ id, agent_id }: ThreadEntity): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('DELETE FROM checkpoint_writes WHERE agent_id = $1 AND thread_id = $2', [agent_id, id]);
      await tx.query('DELETE FROM checkpoints WHERE agent_id = $1 AND thread_id = $2', [agent_id, id]);
      await tx.delete(ThreadEntity, { id });
    });
  }
}
