import type { EntityManager } from 'typeorm';
import type { ManagerConfig } from '../../config';
import { ADMISSION_LOCK, WAITS } from './queue-of-starts';

/**
 * Whether one more agent may run, in all and of its key. Until the transaction ends nobody else is given a place:
 * what is bound in it counts for whoever asks next.
 */
export async function hasRoom(
  tx: EntityManager,
  agent_id: string,
  {
    RUNNING_AGENTS_MAX,
    RUNNING_AGENTS_PER_KEY_MAX,
  }: Pick<ManagerConfig, 'RUNNING_AGENTS_MAX' | 'RUNNING_AGENTS_PER_KEY_MAX'>,
): Promise<boolean> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [ADMISSION_LOCK]);
  const [room] = await tx.query<{ has_room: boolean }[]>(
    `SELECT count(*) < $2 AND ($3::int IS NULL OR count(*) FILTER (WHERE a.created_by = own.created_by) < $3) AS has_room
     FROM instances i JOIN agents a ON a.id = i.agent_id, (SELECT created_by FROM agents WHERE id = $1) AS own
     WHERE i.ended_at IS NULL AND NOT i.by_hand AND NOT ${WAITS}`,
    [agent_id, RUNNING_AGENTS_MAX, RUNNING_AGENTS_PER_KEY_MAX ?? null],
  );
  return room?.has_room ?? false;
}
