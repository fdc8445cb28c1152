import type { EntityManager } from 'typeorm';
import { AgentEntity } from './agent.entity';

/** Takes the agent's row until the transaction ends: whoever starts, stops or ends an instance of it takes turns. */
export const lockAgent = (tx: EntityManager, id: string): Promise<AgentEntity | null> =>
  tx.findOne(AgentEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
