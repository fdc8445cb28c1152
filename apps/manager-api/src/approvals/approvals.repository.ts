import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { ApprovalState } from '@roost/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { newestFirst, type PageRequest } from '../database/page';
import { ApprovalEntity } from './approval.entity';

/** What somebody, or the service for want of an answer, makes of a request. */
export interface Verdict {
  state: Extract<ApprovalState, 'approved' | 'edited' | 'rejected' | 'expired'>;
  edited_arguments: Record<string, unknown> | null;
  reason: string | null;
  decided_by: string | null;
}

export interface Decided {
  approval: ApprovalEntity;
  /** False when it had been decided before. */
  now: boolean;
  /** The run goes on: it was the last request it waited for. */
  resumed: boolean;
}

@Injectable()
export class ApprovalsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  page(thread_id: string, request: PageRequest): Promise<ApprovalEntity[]> {
    const rows = this.database
      .getRepository(ApprovalEntity)
      .createQueryBuilder('row')
      .where('row.thread_id = :thread_id', { thread_id });
    return newestFirst(rows, request).getMany();
  }

  /** What the thread waits for, oldest first. */
  listPending(thread_id: string): Promise<ApprovalEntity[]> {
    return this.database
      .getRepository(ApprovalEntity)
      .find({ where: { thread_id, state: 'pending' }, order: { created_at: 'ASC', id: 'ASC' } });
  }

  /** Requests whose time is over, of all agents. */
  listOverdue(limit: number): Promise<{ id: string; thread_id: string }[]> {
    return this.database.query(
      "SELECT id, thread_id FROM approvals WHERE state = 'pending' AND expires_at <= now() ORDER BY expires_at LIMIT $1",
      [limit],
    );
  }

  /** Decides once, and lets the run go on with the last decision it waits for. Null when there is no such request. */
  async decide(thread_id: string, id: string, verdict: Verdict): Promise<Decided | null> {
    return this.database.transaction(async (tx) => {
      // As a cancel does, so that one of the two is first; and in its order.
      await tx.query(
        "SELECT 1 FROM messages WHERE thread_id = $1 AND status = 'paused' ORDER BY position FOR UPDATE",
        [thread_id],
      );
      const [rows] = await tx.query<[unknown[], number]>(
        `UPDATE approvals SET state = $3, edited_arguments = $4, reason = $5, decided_by = $6, decided_at = now()
         WHERE id = $1 AND thread_id = $2 AND state = 'pending' RETURNING id`,
        [id, thread_id, verdict.state, verdict.edited_arguments, verdict.reason, verdict.decided_by],
      );
      const approval = await tx.findOneBy(ApprovalEntity, { id, thread_id });
      if (!approval) return null;
      const now = rows.length > 0;
      return { approval, now, resumed: now && (await this.resume(tx, thread_id)) };
    });
  }

  /** All that pauses in a thread belongs to one run. */
  private async resume(tx: EntityManager, thread_id: string): Promise<boolean> {
    const [rows] = await tx.query<[unknown[], number]>(
      `UPDATE messages SET status = 'accepted', said = NULL, updated_at = now()
       WHERE thread_id = $1 AND status = 'paused'
         AND NOT EXISTS (SELECT 1 FROM approvals WHERE thread_id = $1 AND state = 'pending') RETURNING id`,
      [thread_id],
    );
    return rows.length > 0;
  }
}
