import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type AgentConfiguration, type AgentState, type FailureReason } from '@roost/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../config';
import { newestFirst, type PageRequest } from '../database/page';
import { queueOfStarts, WAITS } from '../lifecycle/start-queue/queue-of-starts';
import { AgentVersionEntity } from './agent-version.entity';
import { AgentEntity } from './agent.entity';

/** An agent with its current version and what its live instance is doing. */
export interface AgentView {
  agent: AgentEntity;
  version: AgentVersionEntity;
  status: AgentStatusView;
}

export interface AgentStatusView {
  agent_id: string;
  state: AgentState;
  reason: FailureReason | null;
  detail: string | null;
  generation: number;
  version: number;
  enabled: boolean;
  running_version: number | null;
  last_active_at: Date | null;
  /** Milliseconds of the Unix epoch, by the database's clock, at which this was so. */
  as_of: number;
  started_at: Date | null;
  /** From 1 while its start waits for its turn. */
  queue_position: number | null;
}

export interface NewVersion {
  configuration: AgentConfiguration;
  model_api_key: string | null;
  /** Sealed, by name. */
  secrets: Record<string, string>;
  /** Sealed, by type. */
  integration_tokens: Record<string, string>;
  restored_from: number | null;
}

/** What PostgreSQL's `integer` holds. */
const INTEGER_MAX = 2 ** 31 - 1;

const DISABLED = '\'The agent is disabled; enable it with PATCH /agents/{agent_id} {"enabled": true}.\'';

/** The live instance decides; without one a failure shows until the next start. */
const STATUS = `
  SELECT a.id AS agent_id,
         coalesce(i.state, CASE WHEN a.failure_reason IS NULL THEN 'stopped' ELSE 'failed' END) AS state,
         CASE WHEN i.id IS NULL THEN a.failure_reason END AS reason,
         CASE WHEN i.id IS NULL THEN
           CASE WHEN NOT a.enabled AND a.failure_reason IS NULL THEN ${DISABLED} ELSE a.failure_detail END
         END AS detail,
         extract(epoch FROM statement_timestamp())::float8 * 1000 AS as_of,
         a.generation, a.version, a.enabled, i.running_version, i.ready_at AS started_at,
         coalesce(${WAITS}, false) AS waits,
         greatest((SELECT max(m.updated_at) FROM messages m WHERE m.agent_id = a.id), i.ready_at) AS last_active_at
  FROM agents a LEFT JOIN instances i ON i.agent_id = a.id AND i.ended_at IS NULL
  WHERE a.id = ANY($1)`;

@Injectable()
export class AgentsRepository {
  private readonly placesQuery: string;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(CONFIG) config: ManagerConfig,
  ) {
    this.placesQuery = `WITH ${queueOfStarts(config.RUNNING_AGENTS_PER_KEY_MAX ?? null)}
      SELECT agent_id, position FROM queue WHERE agent_id = ANY($1)`;
  }

  async create(id: string, version: NewVersion, created_by: string | null): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { enabled, on_busy } = version.configuration;
      await tx.insert(AgentEntity, {
        id,
        enabled,
        on_busy,
        version: 1,
        failure_reason: null,
        failure_detail: null,
        wake_not_before: null,
        created_by,
      });
      await tx.insert(AgentVersionEntity, { agent_id: id, version: 1, ...version });
    });
  }

  /**
   * Adds a version made from the current one, under the agent's lock.
   * @returns null when there is no such agent.
   */
  async addVersion(
    id: string,
    make: (current: AgentVersionEntity, tx: EntityManager) => Promise<NewVersion | null>,
  ): Promise<AgentVersionEntity | null> {
    return this.database.transaction(async (tx) => {
      const agent = await tx.findOne(AgentEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!agent) return null;
      const current = await tx.findOneByOrFail(AgentVersionEntity, { agent_id: id, version: agent.version });
      const next = await make(current, tx);
      if (!next) return current;
      const version = agent.version + 1;
      await tx.insert(AgentVersionEntity, { agent_id: id, version, ...next });
      await tx.update(
        AgentEntity,
        { id },
        {
          version,
          enabled: next.configuration.enabled,
          on_busy: next.configuration.on_busy,
          updated_at: () => 'now()',
        },
      );
      return tx.findOneByOrFail(AgentVersionEntity, { agent_id: id, version });
    });
  }

  async find(id: string): Promise<AgentView | null> {
    const [view] = await this.views([id]);
    return view ?? null;
  }

  async page(request: PageRequest): Promise<AgentView[]> {
    const agents = await newestFirst(
      this.database.getRepository(AgentEntity).createQueryBuilder('row'),
      request,
    ).getMany();
    return this.views(agents.map(({ id }) => id));
  }

  async status(id: string): Promise<AgentStatusView | null> {
    const [status] = await this.statuses([id]);
    return status ?? null;
  }

  /** Within a transaction `tx` is its own: a second connection could wait for those that wait for this one. */
  async findVersion(
    agent_id: string,
    version: number,
    tx: EntityManager = this.database.manager,
  ): Promise<AgentVersionEntity | null> {
    if (version < 1 || version > INTEGER_MAX) return null;
    return tx.findOneBy(AgentVersionEntity, { agent_id, version });
  }

  /** The version an instance should run: the current one, or the one named. */
  async findCurrentVersion(agent_id: string): Promise<AgentVersionEntity | null> {
    return this.database
      .getRepository(AgentVersionEntity)
      .createQueryBuilder('row')
      .innerJoin(AgentEntity, 'agent', 'agent.id = row.agent_id AND agent.version = row.version')
      .where('row.agent_id = :agent_id', { agent_id })
      .getOne();
  }

  versions(agent_id: string, limit: number, before: number | null): Promise<AgentVersionEntity[]> {
    const rows = this.database
      .getRepository(AgentVersionEntity)
      .createQueryBuilder('row')
      .where('row.agent_id = :agent_id', { agent_id })
      .orderBy('row.version', 'DESC')
      .take(limit + 1);
    return (before === null ? rows : rows.andWhere('row.version < :before', { before })).getMany();
  }

  /** From here on nothing starts it and no message is accepted. */
  async disable(id: string): Promise<void> {
    await this.database.getRepository(AgentEntity).update({ id }, { enabled: false });
  }

  /** Everything of the agent goes with it. */
  async delete(id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('DELETE FROM checkpoint_writes WHERE agent_id = $1', [id]);
      await tx.query('DELETE FROM checkpoints WHERE agent_id = $1', [id]);
      await tx.delete(AgentEntity, { id });
    });
  }

  /** The queue is looked at only for those that wait. */
  private async statuses(ids: string[]): Promise<AgentStatusView[]> {
    const rows = await this.database.query<(Omit<AgentStatusView, 'queue_position'> & { waits: boolean })[]>(
      STATUS,
      [ids],
    );
    const waiting = rows.filter(({ waits }) => waits).map(({ agent_id }) => agent_id);
    const places =
      waiting.length === 0
        ? []
        : await this.database.query<{ agent_id: string; position: number }[]>(this.placesQuery, [waiting]);
    const position = new Map(places.map((place) => [place.agent_id, place.position]));
    return rows.map(({ waits: _waits, ...status }) => ({
      ...status,
      queue_position: position.get(status.agent_id) ?? null,
    }));
  }

  private async views(ids: string[]): Promise<AgentView[]> {
    if (ids.length === 0) return [];
    const [agents, versions, statuses] = await Promise.all([
      this.database
        .getRepository(AgentEntity)
        .createQueryBuilder('row')
        .where('row.id = ANY(:ids)', { ids })
        .getMany(),
      this.database
        .getRepository(AgentVersionEntity)
        .createQueryBuilder('row')
        .innerJoin(AgentEntity, 'agent', 'agent.id = row.agent_id AND agent.version = row.version')
        .where('row.agent_id = ANY(:ids)', { ids })
        .getMany(),
      this.statuses(ids),
    ]);
    return ids.flatMap((id) => {
      const agent = agents.find((row) => row.id === id);
      const version = versions.find((row) => row.agent_id === id);
      const status = statuses.find((row) => row.agent_id === id);
      return agent && version && status ? [{ agent, version, status }] : [];
    });
  }
}
