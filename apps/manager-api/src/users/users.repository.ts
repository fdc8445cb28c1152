import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

export interface UserThread {
  id: string;
  agent_id: string;
  /** Begun for this user; else somebody else's thread that the user wrote to. */
  is_own: boolean;
}

/** What stands in place of an erased message. */
const ERASED = '[erased]';

@Injectable()
export class UsersRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Threads that hold something of a user, in order of their ids. */
  threadsAfter(user_id: string, after: string, limit: number): Promise<UserThread[]> {
    return this.database.query<UserThread[]>(
      `SELECT id, agent_id, user_id = $1 AND user_id IS NOT NULL AS is_own FROM threads
       WHERE id > $2 AND (user_id = $1 OR id IN (SELECT thread_id FROM messages WHERE user_id = $1))
       ORDER BY id LIMIT $3`,
      [user_id, after, limit],
    );
  }

  /** Blanks what the user wrote to somebody else's thread, and what was answered; the agent forgets that thread. */
  async eraseFrom({ id, agent_id }: UserThread, user_id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `DELETE FROM approvals WHERE thread_id = $1
           AND message_id IN (SELECT id FROM messages WHERE thread_id = $1 AND user_id = $2)`,
        [id, user_id],
      );
      // Replies quote what they answer.
      await tx.query(
        `UPDATE messages SET content = $3, citations = NULL, updated_at = now()
         WHERE in_reply_to IN (SELECT id FROM messages WHERE thread_id = $1 AND user_id = $2)`,
        [id, user_id, ERASED],
      );
      await tx.query(
        `UPDATE messages SET content = $3, said = NULL, user_id = NULL, user_data = '{}', claimed = '{}', updated_at = now()
         WHERE thread_id = $1 AND user_id = $2`,
        [id, user_id, ERASED],
      );
      await tx.query('UPDATE threads SET erasures = erasures + 1 WHERE id = $1', [id]);
      await tx.query('DELETE FROM checkpoint_writes WHERE agent_id = $1 AND thread_id = $2', [agent_id, id]);
      await tx.query('DELETE FROM checkpoints WHERE agent_id = $1 AND thread_id = $2', [agent_id, id]);
    });
  }
}
