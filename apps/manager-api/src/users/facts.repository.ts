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

  /**
   * The same text again is the same fact; the oldest gives way to one too many. Only while the agent owes the user an
   * answer: a run that goes on after its user was erased must bring nothing back.
   * @returns null when it does not.
   */
  async remember(agent_id: string, user_id: string, text: string): Promise<UserFact | null> {
    return this.database.transaction(async (tx) => {
      const [fact] = await tx.query<UserFact[]>(
        `INSERT INTO user_facts (id, agent_id, user_id, text) SELECT $1, $2, $3, $4
         WHERE EXISTS (SELECT 1 FROM messages WHERE agent_id = $2 AND user_id = $3 AND status = 'accepted' FOR SHARE)
         ON CONFLICT (agent_id, user_id, text) DO UPDATE SET text = excluded.text RETURNING id, text`,
        [newFactId(), agent_id, user_id, text],
      );
      await tx.query(
        `DELETE FROM user_facts WHERE id IN (SELECT id FROM user_facts WHERE agent_id = $1 AND user_id = $2
           ORDER BY created_at DESC, id DESC OFFSET ${FACTS_MAX})`,
        [agent_id, user_id],
      );
      return fact ?? null;
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
