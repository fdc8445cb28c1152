import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import type { Principal } from '../access/principal';
import { InstanceEntity } from './instance.entity';

/** $1 instance, $2 agent, $3 hash of the code. */
const EXCHANGEABLE = `id = $1 AND agent_id = $2 AND code_hash = $3 AND state = 'starting' AND deadline > now()`;

/** What instances prove who they are with: once a code, then a token while they live. */
@Injectable()
export class InstanceCredentialsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** The instance a token belongs to, while it lives. */
  async findPrincipal(token_hash: Buffer): Promise<Extract<Principal, { kind: 'instance' }> | null> {
    const instance = await this.database
      .getRepository(InstanceEntity)
      .findOneBy({ token_hash, ended_at: IsNull() });
    return (
      instance && {
        kind: 'instance',
        instance_id: instance.id,
        agent_id: instance.agent_id,
        generation: instance.generation,
      }
    );
  }

  /** Whether the code is the instance's own and has neither been used nor expired. */
  async mayExchange(id: string, agent_id: string, code_hash: Buffer): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(`SELECT 1 FROM instances WHERE ${EXCHANGEABLE}`, [
      id,
      agent_id,
      code_hash,
    ]);
    return rows.length > 0;
  }

  /**
   * Uses up the code of a starting instance; a claimed one now has as long as others to be ready. Null when it was
   * used, has expired or is not its own.
   */
  async exchange(
    id: string,
    agent_id: string,
    code_hash: Buffer,
    token_hash: Buffer,
    deadline_s: number,
  ): Promise<InstanceEntity | null> {
    const [rows] = await this.database.query<[{ id: string }[], number]>(
      `UPDATE instances SET state = 'initializing', code_hash = NULL, token_hash = $4, exchanged_at = clock_timestamp(),
              deadline = CASE WHEN claimed THEN now() + make_interval(secs => $5) ELSE deadline END
       WHERE ${EXCHANGEABLE} RETURNING id`,
      [id, agent_id, code_hash, token_hash, deadline_s],
    );
    return rows[0] ? this.database.getRepository(InstanceEntity).findOneBy({ id }) : null;
  }
}
