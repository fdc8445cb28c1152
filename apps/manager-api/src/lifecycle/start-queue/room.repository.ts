import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import { isDue } from '../../approvals/pause.sql';
import { CONFIG, type ManagerConfig } from '../../config';
import { InstanceEntity } from '../instance.entity';
import { queueOfStarts } from './queue-of-starts';

/** Names the lock under which agents are chosen to make room, over all managers. */
const ROOM_LOCK = 7_061_002;

const IDLE_SINCE =
  'greatest(i.ready_at, (SELECT max(m.updated_at) FROM messages m WHERE m.agent_id = i.agent_id))';
const OWES_NOTHING = `NOT EXISTS (SELECT 1 FROM messages m WHERE m.agent_id = i.agent_id AND ${isDue('m')})`;

/** Room for starts that wait because as many agents run as may. */
@Injectable()
export class RoomRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /**
   * Marks the agent that has been idle for longest as stopping, when a start waits for its place; what stops already
   * counts as room. Null when nothing waits for room, or nobody is idle.
   */
  async takeFromIdlest(stop_deadline_s: number): Promise<InstanceEntity | null> {
    const idle_s = this.config.RUNNING_IDLE_YIELD_SECONDS;
    return this.database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [ROOM_LOCK]);
      const [idlest] = await tx.query<{ agent_id: string }[]>(this.idlest, [idle_s]);
      if (!idlest) return null;
      const { agent_id } = idlest;
      // As an idle stop does: a message that was accepted before the lock is seen, a later one wakes the agent again.
      await tx.query('SELECT 1 FROM agents WHERE id = $1 FOR UPDATE', [agent_id]);
      const [stopping] = await tx.query<[{ id: string }[], number]>(
        `UPDATE instances i SET state = 'stopping', restart_wanted = false,
                deadline = now() + make_interval(secs => $3)
         WHERE i.agent_id = $2 AND i.state = 'running' AND ${OWES_NOTHING}
           AND ${IDLE_SINCE} < now() - make_interval(secs => $1) RETURNING id`,
        [idle_s, agent_id, stop_deadline_s],
      );
      return stopping[0] ? tx.findOneBy(InstanceEntity, { id: stopping[0].id, ended_at: IsNull() }) : null;
    });
  }

  /** An agent of a key that has no room comes first: its place helps the key and all. $1 is the idle time in seconds. */
  private get idlest(): string {
    const { STARTING_AGENTS_MAX, RUNNING_AGENTS_MAX, RUNNING_AGENTS_PER_KEY_MAX } = this.config;
    const per_key_max = RUNNING_AGENTS_PER_KEY_MAX ?? null;
    const wanted = (waiting: string, places: string): string =>
      `least(${waiting}, (SELECT ${STARTING_AGENTS_MAX} - count(*) FILTER (WHERE starts) FROM census))
         > greatest(0, ${places})`;
    return `
      WITH ${queueOfStarts(per_key_max)},
      short_keys AS (
        SELECT created_by FROM keys
        WHERE created_by IS NOT NULL AND ${per_key_max === null ? 'false' : wanted('waiting', `${per_key_max} - live + stopping`)}),
      in_all AS (
        SELECT ${wanted(
          '(SELECT count(*) FROM queue WHERE fits)',
          `${RUNNING_AGENTS_MAX} - count(*) FILTER (WHERE NOT waits) + count(*) FILTER (WHERE state = 'stopping')`,
        )} AS short FROM census),
      candidates AS (
        SELECT i.agent_id, ${IDLE_SINCE} AS idle_since,
               a.created_by IN (SELECT created_by FROM short_keys) IS TRUE AS of_short_key
        FROM instances i JOIN agents a ON a.id = i.agent_id
        WHERE i.state = 'running' AND NOT i.by_hand AND ${OWES_NOTHING})
      SELECT agent_id FROM candidates, in_all
      WHERE (of_short_key OR in_all.short) AND idle_since < now() - make_interval(secs => $1)
      ORDER BY of_short_key DESC, idle_since LIMIT 1`;
  }
}
