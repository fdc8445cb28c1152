import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { FailureReason, ReadyResponse } from '@roost/contracts';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { lockAgent } from '../agents/agent.lock';
import { isDue } from '../approvals/pause.sql';
import type { AgentEntity } from '../agents/agent.entity';
import { PreparedStatement } from '../database/prepared.statement';
import { InstanceEntity } from './instance.entity';

export interface Failure {
  reason: FailureReason;
  detail: string;
}

/** Seconds before the n-th failed start in a row is tried again by a message. */
const BACKOFF_S = [0, 1, 4];
export const CRASH_LOOP_AFTER = BACKOFF_S.length;
const crashLoopBackoff = (failures: number): number =>
  Math.min(600, 30 * 2 ** Math.min(failures - CRASH_LOOP_AFTER, 10));
const jittered = (seconds: number): number => seconds * (0.75 + Math.random() / 2);

const IS_LIVE = new PreparedStatement(
  'agent-is-live',
  'SELECT 1 FROM instances WHERE agent_id = $1 AND ended_at IS NULL',
);

/** The instances table: at most one live instance an agent, every change under the agent's lock or by compare-and-set. */
@Injectable()
export class InstancesRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  find(id: string): Promise<InstanceEntity | null> {
    return this.database.getRepository(InstanceEntity).findOneBy({ id });
  }

  async isLive(agent_id: string): Promise<boolean> {
    return (await IS_LIVE.run(this.database, [agent_id])).length > 0;
  }

  findLive(agent_id: string): Promise<InstanceEntity | null> {
    return this.database.getRepository(InstanceEntity).findOneBy({ agent_id, ended_at: IsNull() });
  }

  listLive(): Promise<InstanceEntity[]> {
    return this.database.getRepository(InstanceEntity).findBy({ ended_at: IsNull() });
  }

  /** The newest instance that was launched, living or not: where logs are looked for. */
  findNewestLaunched(agent_id: string): Promise<InstanceEntity | null> {
    const signs = ['launched_at', 'code_hash', 'token_hash'] as const;
    return this.database.getRepository(InstanceEntity).findOne({
      where: signs.map((sign) => ({ agent_id, [sign]: Not(IsNull()) })),
      order: { generation: 'DESC' },
    });
  }

  /** @returns whether the state changed; telling twice is harmless. */
  async markRunning(id: string, uptime_ms: number): Promise<boolean> {
    return this.changed(
      `UPDATE instances SET state = 'running', ready_at = now(), deadline = NULL,
              process_started_at = now() - make_interval(secs => $2) WHERE id = $1 AND state = 'initializing' RETURNING id`,
      [id, uptime_ms / 1_000],
    );
  }

  /** When it became ready, or now when that is not on record: it is being stopped. Null when there is no such instance. */
  async readiness(id: string): Promise<ReadyResponse | null> {
    const [row] = await this.database.query<{ ready_at: Date; clock: Date }[]>(
      'SELECT coalesce(ready_at, clock_timestamp()) AS ready_at, clock_timestamp() AS clock FROM instances WHERE id = $1',
      [id],
    );
    return row ? { ready_at: row.ready_at.getTime(), clock: row.clock.getTime() } : null;
  }

  /** By the database's clock. */
  async hasRunFor(id: string, ms: number): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      "SELECT 1 FROM instances WHERE id = $1 AND state = 'running' AND ready_at < now() - $2 * interval '1 ms'",
      [id, ms],
    );
    return rows.length > 0;
  }

  /** Which of these still live, with an agent or in the pool. */
  async filterLive(ids: string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }[]>(
      `SELECT id FROM instances WHERE id = ANY($1) AND ended_at IS NULL
       UNION ALL SELECT id FROM pool_instances WHERE id = ANY($1)`,
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  async setRunningVersion(id: string, version: number): Promise<void> {
    await this.database.query('UPDATE instances SET running_version = $2 WHERE id = $1', [id, version]);
  }

  /** Null when nothing lives. An instance that is stopping already stays so. */
  async beginStop(agent_id: string, deadline_s: number): Promise<InstanceEntity | null> {
    return this.database.transaction(async (tx) => {
      await lockAgent(tx, agent_id);
      return this.stopping(tx, agent_id, deadline_s);
    });
  }

  /** Agents that look idle, by the database's clock; {@link beginIdleStop} looks again under the lock. */
  async listIdle(default_timeout_s: number): Promise<string[]> {
    const rows = await this.database.query<{ agent_id: string }[]>(
      `SELECT i.agent_id FROM instances i WHERE i.state = 'running' AND ${IDLE}`,
      [default_timeout_s],
    );
    return rows.map(({ agent_id }) => agent_id);
  }

  /** Null when the agent is not idle after all: a message was accepted in between. */
  async beginIdleStop(
    agent_id: string,
    default_timeout_s: number,
    deadline_s: number,
  ): Promise<InstanceEntity | null> {
    return this.database.transaction(async (tx) => {
      await lockAgent(tx, agent_id);
      const idle = await tx.query<unknown[]>(
        `SELECT 1 FROM instances i WHERE i.agent_id = $2 AND i.state = 'running' AND ${IDLE}`,
        [default_timeout_s, agent_id],
      );
      return idle.length === 0 ? null : this.stopping(tx, agent_id, deadline_s);
    });
  }

  /** @returns the instance as it was, or null when it had ended before. */
  async end(id: string, failure: Failure | null, keep_s: number): Promise<InstanceEntity | null> {
    return this.database.transaction(async (tx) => {
      const found = await tx.findOneBy(InstanceEntity, { id });
      if (!found) return null;
      const agent = await lockAgent(tx, found.agent_id);
      const before = await tx.findOneBy(InstanceEntity, { id, ended_at: IsNull() });
      if (!agent || !before) return null;
      await tx.query(
        `UPDATE instances SET state = 'ended', ended_at = now(), deadline = NULL, code_hash = NULL,
                keep_until = now() + make_interval(secs => $2) WHERE id = $1`,
        [id, failure ? keep_s : 0],
      );
      await this.recordOutcome(tx, agent, failure);
      return before;
    });
  }

  /** A reply was committed: the agent works again. */
  async forgetFailures(agent_id: string): Promise<void> {
    await this.database.query('UPDATE agents SET failures = 0 WHERE id = $1 AND failures > 0', [agent_id]);
  }

  /** Disabled agents that still run or owe answers: the manager that disabled them did not live to stop them. */
  async listDisabledAtWork(): Promise<string[]> {
    const rows = await this.database.query<{ id: string }[]>(
      `SELECT a.id FROM agents a WHERE NOT a.enabled AND (
         EXISTS (SELECT 1 FROM instances i WHERE i.agent_id = a.id AND i.ended_at IS NULL AND i.state <> 'stopping')
         OR EXISTS (SELECT 1 FROM messages m WHERE m.agent_id = a.id AND m.status IN ('accepted', 'paused')
                    AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.agent_id = a.id AND i.ended_at IS NULL))) LIMIT 200`,
    );
    return rows.map(({ id }) => id);
  }

  /** Agents with an instance that lives or has ended lately: whose reports may wait to be taken in. */
  async listRecentlyActive(): Promise<string[]> {
    const rows = await this.database.query<{ agent_id: string }[]>(
      "SELECT DISTINCT agent_id FROM instances WHERE ended_at IS NULL OR ended_at > now() - interval '10 minutes'",
    );
    return rows.map(({ agent_id }) => agent_id);
  }

  /** Forgets instances that ended long ago. */
  async deleteOld(): Promise<void> {
    await this.database.query(
      "DELETE FROM instances WHERE ended_at < now() - interval '7 days' AND keep_until IS NULL",
    );
  }

  /** Live instances whose transitional state has outlived its deadline. */
  async listOverdue(): Promise<InstanceEntity[]> {
    return this.database
      .getRepository(InstanceEntity)
      .createQueryBuilder('row')
      .where('row.ended_at IS NULL AND row.deadline < now()')
      .getMany();
  }

  /** Whether that is still so: it may have become ready meanwhile. */
  async isOverdue(id: string): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      'SELECT 1 FROM instances WHERE id = $1 AND ended_at IS NULL AND deadline < now()',
      [id],
    );
    return rows.length > 0;
  }

  /** Ended instances whose container need not be kept any longer. */
  async listRemovable(): Promise<string[]> {
    const rows = await this.database.query<{ id: string }[]>(
      'SELECT id FROM instances WHERE keep_until <= now() LIMIT 200',
    );
    return rows.map(({ id }) => id);
  }

  async markRemoved(id: string): Promise<void> {
    await this.database.query('UPDATE instances SET keep_until = NULL WHERE id = $1', [id]);
  }

  private async stopping(
    tx: EntityManager,
    agent_id: string,
    deadline_s: number,
  ): Promise<InstanceEntity | null> {
    await tx.query(
      `UPDATE instances SET restart_wanted = false, state = 'stopping',
              deadline = CASE WHEN state = 'stopping' THEN deadline ELSE now() + make_interval(secs => $2) END
       WHERE agent_id = $1 AND ended_at IS NULL`,
      [agent_id, deadline_s],
    );
    return tx.findOneBy(InstanceEntity, { agent_id, ended_at: IsNull() });
  }

  private async recordOutcome(tx: EntityManager, agent: AgentEntity, failure: Failure | null): Promise<void> {
    if (!failure) {
      await tx.query(
        'UPDATE agents SET failure_reason = NULL, failure_detail = NULL, wake_not_before = NULL WHERE id = $1',
        [agent.id],
      );
      return;
    }
    const failures = agent.failures + 1;
    const loops = failures >= CRASH_LOOP_AFTER;
    await tx.query(
      `UPDATE agents SET failures = $2, failure_reason = $3, failure_detail = $4,
              wake_not_before = now() + make_interval(secs => $5) WHERE id = $1`,
      [
        agent.id,
        failures,
        loops ? 'crash_loop' : failure.reason,
        loops ? `${failures} failures in a row; the last: ${failure.detail}` : failure.detail,
        jittered(loops ? crashLoopBackoff(failures) : (BACKOFF_S[failures] ?? 0)),
      ],
    );
  }

  private async changed(sql: string, parameters: unknown[]): Promise<boolean> {
    const [rows] = await this.database.query<[unknown[], number]>(sql, parameters);
    return rows.length > 0;
  }
}

/** Running, nothing owed but what waits for approval, and silent for its timeout; $1 is the default timeout in seconds. */
const IDLE = `
  NOT EXISTS (SELECT 1 FROM messages m WHERE m.agent_id = i.agent_id AND ${isDue('m')})
  AND now() - greatest(i.ready_at, (SELECT max(m.updated_at) FROM messages m WHERE m.agent_id = i.agent_id))
      > make_interval(secs => coalesce(
          (SELECT (v.configuration->>'inactivity_timeout')::double precision FROM agents a
             JOIN agent_versions v ON v.agent_id = a.id AND v.version = a.version WHERE a.id = i.agent_id), $1))`;
