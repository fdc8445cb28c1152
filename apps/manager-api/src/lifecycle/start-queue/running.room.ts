import type { EntityManager } from 'typeorm';
import type { ManagerConfig } from '../../config';
import { ADMISSION_LOCK, queueOfStarts } from './queue-of-starts';

/**
 * Whether one more agent may run, in all and of its key, and those that wait for a start still find their places: who
 * comes later does not overtake them. Until the transaction ends nobody else is given a place: what is bound in it
 * counts for whoever asks next.
 */
export async function hasRoom(
  tx: EntityManager,
  agent_id: string,
  {
    RUNNING_AGENTS_MAX,
    RUNNING_AGENTS_PER_KEY_MAX,
  }: Pick<ManagerConfig, 'RUNNING_AGENTS_MAX' | 'RUNNING_AGENTS_PER_KEY_MAX'>,
): Promise<boolean> {
  const per_key_max = RUNNING_AGENTS_PER_KEY_MAX ?? null;
  await tx.query('SELECT pg_advisory_xact_lock($1)', [ADMISSION_LOCK]);
  const [room] = await tx.query<{ has_room: boolean }[]>(
    `WITH ${queueOfStarts(per_key_max)},
     own AS (SELECT live + waiting AS agents FROM keys
             WHERE created_by = (SELECT created_by FROM agents WHERE id = $1))
     SELECT (SELECT count(*) FROM census WHERE NOT waits) + (SELECT count(*) FROM queue WHERE fits) < $2
        AND ($3::int IS NULL OR coalesce((SELECT agents FROM own), 0) < $3) AS has_room`,
    [agent_id, RUNNING_AGENTS_MAX, per_key_max],
  );
  return room?.has_room ?? false;
}
