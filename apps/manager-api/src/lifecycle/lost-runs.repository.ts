import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { ErrorCode } from '@roost/contracts';
import { DataSource } from 'typeorm';
import type { OwedMessage } from '../chat/messages.repository';

/** How often the run of each message was lost with its instance. */
@Injectable()
export class LostRunsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Counts once an instance, however often it is told. */
  async record(agent_id: string, instance_id: string, message_ids: string[]): Promise<void> {
    await this.database.query(
      `INSERT INTO lost_runs (message_id, instance_id)
       SELECT id, $2 FROM messages WHERE id = ANY($3) AND agent_id = $1 AND status = 'accepted'
       ON CONFLICT DO NOTHING`,
      [agent_id, instance_id, message_ids],
    );
  }

  /** Messages an agent still owes an answer to whose run was lost at least `times`. */
  async listOwed(agent_id: string, times: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }[]>(
      `SELECT id FROM messages m WHERE agent_id = $1 AND status = 'accepted'
         AND (SELECT count(*) FROM lost_runs l WHERE l.message_id = m.id) >= $2`,
      [agent_id, times],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Gives up on what {@link listOwed} lists, and in the same step clears the agent of its failures: whoever records
   * the end of the same instance meanwhile must not find the last one of a crash loop.
   * @returns what was given up.
   */
  fail(agent_id: string, times: number, code: ErrorCode): Promise<OwedMessage[]> {
    return this.database.query<OwedMessage[]>(
      `WITH failed AS (
         UPDATE messages m SET status = 'failed', error_code = $3, updated_at = now()
         WHERE agent_id = $1 AND status = 'accepted'
           AND (SELECT count(*) FROM lost_runs l WHERE l.message_id = m.id) >= $2 RETURNING id, thread_id),
       cleared AS (
         UPDATE agents SET failures = 0 WHERE id = $1 AND failures > 0 AND EXISTS (SELECT 1 FROM failed))
       SELECT id, thread_id FROM failed`,
      [agent_id, times, code],
    );
  }
}
