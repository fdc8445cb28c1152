import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { FailureReason } from '@roost/contracts';
import { DataSource } from 'typeorm';
import { isHeld } from '../approvals/pause.sql';
import { WAITS } from '../lifecycle/start-queue/queue-of-starts';
import { BACKLOG_COUNTED_MAX } from './backlog.repository';

/** Where a message that has not ended stands. */
export const runStates = ['waiting_for_agent', 'waiting_in_thread', 'running', 'paused'] as const;
export type RunState = (typeof runStates)[number];
export const liveStates = ['queued', 'starting', 'initializing', 'running', 'stopping'] as const;
export type LiveState = (typeof liveStates)[number];

export interface Population {
  /** Lower bounds from {@link BACKLOG_COUNTED_MAX} on. */
  runs: Record<RunState, number>;
  instances: Partial<Record<LiveState, number>>;
  failed_agents: Partial<Record<FailureReason, number>>;
  queue_oldest_age_s: number;
}

/** Who is at work in the whole installation, by the database. */
@Injectable()
export class PopulationRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  async read(): Promise<Population> {
    const [row] = await this.database.query<Population[]>(
      `WITH owed AS (
         SELECT (${isHeld('m')} OR row_number() OVER (PARTITION BY m.thread_id ORDER BY m.position) > 1) AS waits,
                EXISTS (SELECT 1 FROM instances i
                        WHERE i.agent_id = m.agent_id AND i.ended_at IS NULL AND i.state = 'running') AS at_work
         FROM (SELECT agent_id, thread_id, position FROM messages WHERE status = 'accepted' LIMIT $1) m),
       live AS (SELECT CASE WHEN ${WAITS} THEN 'queued' ELSE i.state END AS state, i.created_at
                FROM instances i WHERE i.ended_at IS NULL)
       SELECT
         (SELECT jsonb_build_object(
            'waiting_for_agent', count(*) FILTER (WHERE NOT waits AND NOT at_work),
            'waiting_in_thread', count(*) FILTER (WHERE waits),
            'running', count(*) FILTER (WHERE NOT waits AND at_work),
            'paused', (SELECT count(*) FROM (SELECT 1 FROM messages WHERE status = 'paused' LIMIT $1) paused))
          FROM owed) AS runs,
         (SELECT coalesce(jsonb_object_agg(state, count), '{}')
          FROM (SELECT state, count(*) FROM live GROUP BY state) states) AS instances,
         (SELECT coalesce(jsonb_object_agg(failure_reason, count), '{}')
          FROM (SELECT failure_reason, count(*) FROM agents WHERE failure_reason IS NOT NULL
                GROUP BY failure_reason) failures) AS failed_agents,
         (SELECT greatest(0, coalesce(extract(epoch FROM now() - min(created_at)), 0))::float8
          FROM live WHERE state = 'queued') AS queue_oldest_age_s`,
      [BACKLOG_COUNTED_MAX],
    );
    if (!row) throw new Error('PostgreSQL counted nothing');
    return row;
  }
}
