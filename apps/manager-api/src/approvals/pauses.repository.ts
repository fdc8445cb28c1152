import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { RunnerReport } from '@roost/contracts';
import { DataSource, In } from 'typeorm';
import { ApprovalEntity } from './approval.entity';

type PausedReport = Extract<RunnerReport, { outcome: 'paused' }>;

/**
 * Counts the pause, once a set of requests: what was sent before is out of turn. The messages pause together, unless
 * somebody has cancelled the run meanwhile; then the requests are not stored either.
 */
const PAUSE = `
  WITH asked AS (SELECT * FROM jsonb_to_recordset($6::jsonb) AS a(approval_id text, tool text, arguments jsonb)),
  fresh AS (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM approvals WHERE id IN (SELECT approval_id FROM asked))
              AND EXISTS (SELECT 1 FROM agents WHERE id = $1 AND generation = $5)),
  locked AS MATERIALIZED (
    SELECT id, status = 'accepted' AND cancel_requested_at IS NULL AS waits FROM messages
    WHERE id = ANY($4) AND agent_id = $1 AND thread_id = $2 AND EXISTS (SELECT 1 FROM fresh)
    ORDER BY position FOR UPDATE),
  pausing AS (SELECT id FROM locked WHERE waits AND EXISTS (SELECT 1 FROM locked WHERE id = $3 AND waits)),
  counted AS (UPDATE threads SET pauses = pauses + 1 WHERE id = $2 AND agent_id = $1 AND EXISTS (SELECT 1 FROM fresh)),
  paused AS (UPDATE messages m SET status = 'paused', updated_at = now(), said = CASE WHEN m.id = $3 THEN $7 END
    FROM pausing WHERE m.id = pausing.id)
  INSERT INTO approvals (id, agent_id, thread_id, message_id, tool, arguments, expires_at)
  SELECT approval_id, $1, $2, $3, tool, arguments, now() + make_interval(secs => $8) FROM asked
  WHERE EXISTS (SELECT 1 FROM pausing)
  ON CONFLICT DO NOTHING`;

/** How runs pause. */
@Injectable()
export class PausesRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Counts a pause that could not be stored: the instance lets go of what was sent before it all the same. */
  async count(agent_id: string, thread_id: string): Promise<void> {
    await this.database.query('UPDATE threads SET pauses = pauses + 1 WHERE id = $1 AND agent_id = $2', [
      thread_id,
      agent_id,
    ]);
  }

  /** @returns the requests of the report that wait now: none when it came too late, or again after the decision. */
  async pause(agent_id: string, report: PausedReport, timeout_s: number): Promise<ApprovalEntity[]> {
    const { thread_id, message_id, joined_message_ids = [], generation, approvals, content } = report;
    await this.database.query(PAUSE, [
      agent_id,
      thread_id,
      message_id,
      [...joined_message_ids, message_id],
      generation,
      JSON.stringify(approvals),
      content,
      timeout_s,
    ]);
    const ids = approvals.map(({ approval_id }) => approval_id);
    const waiting = await this.database
      .getRepository(ApprovalEntity)
      .findBy({ id: In(ids), agent_id, state: 'pending' });
    return waiting.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  }
}
