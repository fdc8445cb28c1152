import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { newInstanceId } from '@roost/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../../config';
import { PoolInstanceEntity } from './pool-instance.entity';
import { memberLimits, targetSize, templateOf } from './pool-template';

/** The members of the warm pool: made under one lock, taken by whoever comes first. */
@Injectable()
export class PoolRepository {
  private readonly template: string;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {
    this.template = templateOf(config);
  }

  /**
   * Takes a ready member for an agent whose lock the caller holds, and whose limits the pool serves.
   * @returns its instance id, which is no pool member's any more once the caller commits; null when there is none.
   */
  async claim(tx: EntityManager, agent_id: string): Promise<string | null> {
    if (this.config.POOL_SIZE === 0) return null;
    const [taken] = await tx.query<[{ id: string }[], number]>(
      `DELETE FROM pool_instances WHERE id = (
         SELECT p.id FROM pool_instances p WHERE p.state = 'ready' AND p.template = $1 AND EXISTS (
           SELECT 1 FROM agents a JOIN agent_versions v ON v.agent_id = a.id AND v.version = a.version
           WHERE a.id = $2 AND v.configuration->'limits' @> $3::jsonb)
         ORDER BY p.ready_at LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id`,
      [this.template, agent_id, JSON.stringify(memberLimits(this.config))],
    );
    return taken[0]?.id ?? null;
  }

  /**
   * Adds what is missing, whichever managers ask at the same time: they count one after the other, and what they
   * added counts before it was launched. Members of other templates take their room until they are recycled.
   */
  async addMissing(codes: () => Buffer, deadline_s: number): Promise<PoolInstanceEntity[]> {
    const { POOL_MEMORY_BUDGET_MB, POOL_MEMORY_MB } = this.config;
    return this.database.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock(hashtext('roost-pool'))");
      const [there] = await tx.query<{ members: number; memory_mb: number }[]>(
        'SELECT count(*)::int AS members, coalesce(sum(memory_mb), 0)::int AS memory_mb FROM pool_instances',
      );
      const room = Math.floor((POOL_MEMORY_BUDGET_MB - (there?.memory_mb ?? 0)) / POOL_MEMORY_MB);
      const missing = Math.min(targetSize(this.config) - (there?.members ?? 0), room);
      const added: PoolInstanceEntity[] = [];
      for (let member = 0; member < missing; member += 1) {
        const id = newInstanceId();
        await tx.query(
          `INSERT INTO pool_instances (id, state, template, memory_mb, deadline, code_hash)
           VALUES ($1, 'starting', $2, $3, now() + make_interval(secs => $4), $5)`,
          [id, this.template, POOL_MEMORY_MB, deadline_s, codes()],
        );
        added.push(await tx.findOneByOrFail(PoolInstanceEntity, { id }));
      }
      return added;
    });
  }

  /**
   * Uses up the code of a starting member, once `grant` has succeeded: its failure does not spend it.
   * Null, and nothing granted, when the code was used, has expired or is not its own.
   */
  async exchange<Granted>(
    id: string,
    code_hash: Buffer,
    token_hash: Buffer,
    grant: () => Promise<Granted>,
  ): Promise<Granted | null> {
    return this.database.transaction(async (tx) => {
      const [used] = await tx.query<[unknown[], number]>(
        `UPDATE pool_instances SET code_hash = NULL, token_hash = $3
       WHERE id = $1 AND code_hash = $2 AND state = 'starting' AND deadline > now() RETURNING id`,
        [id, code_hash, token_hash],
      );
      return used.length > 0 ? grant() : null;
    });
  }

  /** @returns whether the token is the member's; telling twice is harmless. */
  async markReady(id: string, token_hash: Buffer): Promise<boolean> {
    return this.changed(
      `UPDATE pool_instances SET state = 'ready', deadline = NULL, ready_at = coalesce(ready_at, now())
       WHERE id = $1 AND token_hash = $2 RETURNING id`,
      [id, token_hash],
    );
  }

  list(): Promise<PoolInstanceEntity[]> {
    return this.database.getRepository(PoolInstanceEntity).find({ order: { created_at: 'ASC' } });
  }

  find(id: string): Promise<PoolInstanceEntity | null> {
    return this.database.getRepository(PoolInstanceEntity).findOneBy({ id });
  }

  /** Members that were not ready in time. */
  async listOverdue(): Promise<string[]> {
    return this.ids('SELECT id FROM pool_instances WHERE deadline < now()', []);
  }

  /**
   * The member to replace next, if any: of another template, one too many, or too old. None while another is still
   * starting, so that a pool in use is never emptied at once.
   */
  async findReplaceable(): Promise<string | null> {
    const [id] = await this.ids(
      `SELECT p.id FROM pool_instances p,
              (SELECT count(*) AS members, count(*) FILTER (WHERE state = 'starting' AND template = $1) AS starting
               FROM pool_instances) AS pool
       WHERE pool.members > $2 OR (pool.starting = 0 AND
             (p.template <> $1 OR p.created_at < now() - make_interval(secs => $3)))
       ORDER BY p.template = $1, p.created_at LIMIT 1`,
      [this.template, targetSize(this.config), this.config.POOL_MAX_AGE_SECONDS],
    );
    return id ?? null;
  }

  /** @returns whether it was a member until now: one that was claimed meanwhile is not. */
  async delete(id: string): Promise<boolean> {
    return this.changed('DELETE FROM pool_instances WHERE id = $1 RETURNING id', [id]);
  }

  private async ids(sql: string, parameters: unknown[]): Promise<string[]> {
    return (await this.database.query<{ id: string }[]>(sql, parameters)).map(({ id }) => id);
  }

  private async changed(sql: string, parameters: unknown[]): Promise<boolean> {
    const [rows] = await this.database.query<[unknown[], number]>(sql, parameters);
    return rows.length > 0;
  }
}
