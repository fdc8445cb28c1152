import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { FACTS_MAX, newFactId, type UserFact } from '@roost/contracts';
import { DataSource } from 'typeorm';
import { newestFirst, type PageRequest } from '../database/page';
import { UserFactEntity } from './user-fact.entity';

@Injectable()
export class FactsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Oldest first. */
  list(agent_id: string, user_id: string): Promise<UserFact[]> {
    return this.database.getRepository(UserFactEntity).find({
      select: { id: true, text: true },
      where: { agent_id, user_id },
      order: { created_at: 'ASC', id: 'ASC' },
      take: FACTS_MAX,
    });
  }

  /** The same text again is the same fact; the oldest gives way to one too many. */
  async remember(agent_id: string, user_id: string, text: string): Promise<UserFact> {
    return this.database.transaction(async (tx) => {
      const [fact] = await tx.query<UserFact[]>(
        `INSERT INTO user_facts (id, agent_id, user_id, text) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agent_id, user_id, text) DO UPDATE SET text = excluded.text RETURNING id, text`,
        [newFactId(), agent_id, user_id, text],
      );
      await tx.query(
        `DELETE FROM user_facts WHERE id IN (SELECT id FROM user_facts WHERE agent_id = $1 AND user_id = $2
           ORDER BY created_at DESC, id DESC OFFSET ${FACTS_MAX})`,
        [agent_id, user_id],
      );
      if (!fact) throw new Error('PostgreSQL returned no row for an upsert');
      return fact;
    });
  }

  async forget(agent_id: string, user_id: string, id: string): Promise<void> {
    await this.database.getRepository(UserFactEntity).delete({ agent_id, user_id, id });
  }

  pageOfUser(user_id: string, request: PageRequest): Promise<UserFactEntity[]> {
    const rows = this.database
      .getRepository(UserFactEntity)
      .createQueryBuilder('row')
      .where('row.user_id = :user_id', { user_id });
    return newestFirst(rows, request).getMany();
  }

  async forgetUser(user_id: string): Promise<void> {
    await this.database.getRepository(UserFactEntity).delete({ user_id });
  }
}
