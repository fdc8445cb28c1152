import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { newInstanceId } from '@roost/contracts';
import { DataSource, IsNull } from 'typeorm';
import { lockAgent } from '../agents/agent.lock';
import { CONFIG, type ManagerConfig } from '../config';
import { InstanceEntity } from './instance.entity';
import { PoolRepository } from './pool/pool.repository';

export type BeginOutcome =
  | { kind: 'not_found' }
  | { kind: 'disabled' }
  | { kind: 'backoff'; until: Date }
  /** One lives already. */
  | { kind: 'live'; instance: InstanceEntity }
  | { kind: 'begun'; instance: InstanceEntity };

export interface BeginOptions {
  /** For a message that waits: not during a backoff. */
  wakes: boolean;
  /** A person runs the program. */
  by_hand: boolean;
  /** Not from the warm pool: a member of it did not answer. */
  cold?: boolean;
}

/** Makes instances: at most one live one an agent, each with a generation of its own. */
@Injectable()
export class InstanceBeginnings {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly pool: PoolRepository,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /**
   * Raises the generation and binds a new instance to it, unless one lives: a member of the warm pool, which takes
   * the code, or one that waits in the queue of starts until it is given a code of its own.
   */
  async begin(agent_id: string, code_hash: Buffer, options: BeginOptions): Promise<BeginOutcome> {
    return this.database.transaction(async (tx) => {
      const agent = await lockAgent(tx, agent_id);
      if (!agent) return { kind: 'not_found' };
      if (!agent.enabled) return { kind: 'disabled' };
      const live = await tx.findOne(InstanceEntity, { where: { agent_id, ended_at: IsNull() } });
      if (live) {
        if (live.state === 'stopping' && !options.wakes)
          await tx.update(InstanceEntity, { id: live.id }, { restart_wanted: true });
        return { kind: 'live', instance: live };
      }
      if (options.wakes) {
        const [waits] = await tx.query<{ until: Date }[]>(
          'SELECT wake_not_before AS until FROM agents WHERE id = $1 AND wake_not_before > now()',
          [agent_id],
        );
        if (waits) return { kind: 'backoff', until: waits.until };
      }
      const [raised] = await tx.query<[{ generation: number }[], number]>(
        // Whoever starts it by hand has mended it: failures are counted anew.
        `UPDATE agents SET generation = generation + 1, failures = CASE WHEN $2 THEN failures ELSE 0 END
         WHERE id = $1 RETURNING generation`,
        [agent_id, options.wakes],
      );
      const { by_hand, cold } = options;
      const member = by_hand || cold ? null : await this.pool.claim(tx, agent_id);
      const id = member ?? newInstanceId();
      const waits = member === null && !by_hand;
      await tx.query(
        `INSERT INTO instances (id, agent_id, generation, state, deadline, code_hash, by_hand, claimed, launched_at)
         VALUES ($1, $2, $3, 'starting', now() + make_interval(secs => $4), $5, $6, $7,
                 CASE WHEN $5::bytea IS NULL THEN NULL ELSE now() END)`,
        [
          ...[id, agent_id, raised[0]?.generation, this.deadline(waits, member !== null)],
          ...[waits ? null : code_hash, by_hand, member !== null],
        ],
      );
      return { kind: 'begun', instance: await tx.findOneByOrFail(InstanceEntity, { id }) };
    });
  }

  /** Seconds. */
  private deadline(waits: boolean, claimed: boolean): number {
    if (waits) return this.config.START_QUEUE_SECONDS;
    return claimed ? this.config.POOL_CLAIM_SECONDS : this.config.START_DEADLINE_SECONDS;
  }
}
