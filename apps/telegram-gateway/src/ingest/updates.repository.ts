import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { Update } from 'telegraf/types';
import { commands, conversationKey, type Place } from '../conversations/incoming';
import { storable } from '../database/storable';
import type { NewOutgoing } from '../outbox/outgoing.repository';
import { OutgoingRepository } from '../outbox/outgoing.repository';
import { GatewayMetrics } from '../metrics/gateway.metrics';
import { UpdateEntity } from './update.entity';

/** Days an update that is done is known, so that Telegram can repeat it without effect; it does so for a day. */
const KEPT_DAYS = 7;

/** Updates of one conversation that are at work at a time; as many commands and buttons beside them. */
const OF_A_CONVERSATION_MAX = 20;
/** Of a long backlog, what is looked at for the conversations in it. */
const LOOKED_AT_MAX = 5_000;
/** The message of an update, whatever kind it is of. */
const MESSAGE = `coalesce(payload -> 'message', payload -> 'edited_message', payload #> '{callback_query,message}')`;
/** As {@link conversationKey} has it. */
const CONVERSATION = `concat(${MESSAGE} #>> '{chat,id}', ':', CASE ${MESSAGE} ->> 'is_topic_message'
                        WHEN 'true' THEN ${MESSAGE} ->> 'message_thread_id' ELSE '0' END)`;
/** Buttons and commands: what they are about may be what everything else in the conversation waits for. */
const IS_CONTROL = `(payload -> 'callback_query' IS NOT NULL OR
                    coalesce(${MESSAGE} ->> 'text' ~* '^\\s*/(${commands.join('|')})(@\\w+)?(\\s|$)', false))`;
/** The thread that what is said next in a conversation goes on with. */
const THREAD_NOW = `SELECT now.thread_id FROM telegram.conversations now WHERE now.bot_id = oldest.bot_id
                      AND now.chat_id = CAST(nullif(split_part(conversation, ':', 1), '') AS bigint)
                      AND now.topic_id = CAST(split_part(conversation, ':', 2) AS bigint)`;
/** The texts of a conversation before an update that the manager does not have. */
const SAID_BEFORE = `bot_id = $1 AND state = 'received' AND ${CONVERSATION} = $3 AND NOT ${IS_CONTROL}
                     AND ${MESSAGE} ->> 'text' IS NOT NULL
                     AND seq < (SELECT seq FROM telegram.updates WHERE bot_id = $1 AND update_id = $2)`;

@Injectable()
export class UpdatesRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly outgoing: OutgoingRepository,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * Commits what Telegram said; what is known already changes nothing.
   * @param holder the gateway that asked for it, where it must still have the bot; null for webhooks.
   * @returns false when the bot is another gateway's by now, is to stop, or is not there: nothing was committed.
   */
  async receive(bot_id: number, updates: Update[], holder: string | null): Promise<boolean> {
    const last = updates.at(-1);
    const added = await this.database.transaction(async (tx) => {
      const [, noted] = await tx.query<[unknown[], number]>(
        `UPDATE telegram.bots SET last_update_at = now(),
           next_update_id = CASE WHEN $3::text IS NULL THEN next_update_id ELSE $2 END
         WHERE bot_id = $1 AND desired = 'started' AND ($3::text IS NULL OR (holder = $3 AND held_until > now()))`,
        [bot_id, last ? last.update_id + 1 : 0, holder],
      );
      if (noted === 0) return null;
      return tx.query<unknown[]>(
        `INSERT INTO telegram.updates (bot_id, update_id, payload)
         SELECT $1, (entry->>'update_id')::bigint, entry
         FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS said (entry, place) ORDER BY place
         ON CONFLICT DO NOTHING RETURNING update_id`,
        [bot_id, storable(updates)],
      );
    });
    if (added) this.metrics.updatesReceived(holder === null ? 'webhook' : 'polling', added.length);
    return added !== null;
  }

  /** Where to go on asking Telegram. */
  async nextUpdateId(bot_id: number): Promise<number> {
    const [row] = await this.database.query<{ next: number }[]>(
      'SELECT next_update_id::float8 AS next FROM telegram.bots WHERE bot_id = $1',
      [bot_id],
    );
    return row?.next ?? 0;
  }

  /**
   * What is not done, oldest first and some of each conversation: one that says much holds up no other, nor what
   * comes after /new, nor the button that lets it go on. Nothing once the bot speaks for another agent, or is another
   * gateway's.
   */
  open(
    { bot_id, agent_id, holder }: { bot_id: number; agent_id: string; holder: string },
    limit: number,
  ): Promise<UpdateEntity[]> {
    return this.database
      .getRepository(UpdateEntity)
      .createQueryBuilder('row')
      .where(
        `row.bot_id = :bot_id AND row.update_id IN (
           SELECT update_id FROM (
             SELECT update_id, seq, is_control, row_number() OVER (
               PARTITION BY conversation, is_control, coalesce(thread_id, (${THREAD_NOW})) ORDER BY seq) AS place
             FROM (
               SELECT bot_id, update_id, seq, thread_id, ${CONVERSATION} AS conversation, ${IS_CONTROL} AS is_control
               FROM telegram.updates WHERE bot_id = :bot_id AND state <> 'done' ORDER BY seq LIMIT ${LOOKED_AT_MAX}
             ) oldest) ranked
           WHERE place <= ${OF_A_CONVERSATION_MAX} ORDER BY is_control DESC, seq LIMIT :limit)`,
        { bot_id, limit },
      )
      .andWhere(
        `EXISTS (SELECT FROM telegram.bots b WHERE b.bot_id = :bot_id AND b.agent_id = :agent_id
                   AND b.holder = :holder AND b.held_until > now())`,
        { agent_id, holder },
      )
      .orderBy('row.seq')
      .getMany();
  }

  find(bot_id: number, update_id: number): Promise<UpdateEntity | null> {
    return this.database.getRepository(UpdateEntity).findOneBy({ bot_id, update_id });
  }

  /**
   * The manager has it: from here on it owes an answer on this thread.
   * @returns false when the update was dropped meanwhile: nobody waits for the answer. Another gateway may have answered
   * it, which is another thing.
   */
  async accepted(bot_id: number, update_id: number, thread_id: string): Promise<boolean> {
    const [, noted] = await this.database.query<[unknown[], number]>(
      `UPDATE telegram.updates SET state = 'accepted', thread_id = $3
       WHERE bot_id = $1 AND update_id = $2 AND state <> 'done'`,
      [bot_id, update_id, thread_id],
    );
    return noted > 0 || (await this.find(bot_id, update_id))?.outcome !== 'dropped';
  }

  /** What was said in a conversation before an update, and was not taken to the agent yet, never is. */
  async dropBefore(bot_id: number, update_id: number, place: Place): Promise<number> {
    const [, dropped] = await this.database.query<[unknown[], number]>(
      `UPDATE telegram.updates SET state = 'done', outcome = 'dropped', payload = NULL, done_at = now()
       WHERE ${SAID_BEFORE}`,
      [bot_id, update_id, conversationKey(place)],
    );
    return dropped;
  }

  /** What was said in a conversation before an update, and was not taken to the agent yet, belongs to the thread. */
  async keepBefore(bot_id: number, update_id: number, place: Place, thread_id: string): Promise<void> {
    await this.database.query(
      `UPDATE telegram.updates SET thread_id = $4 WHERE ${SAID_BEFORE} AND thread_id IS NULL`,
      [bot_id, update_id, conversationKey(place), thread_id],
    );
  }

  async shown(bot_id: number, update_id: number, message_id: number): Promise<void> {
    await this.database.query(
      'UPDATE telegram.updates SET shown_message_id = $3 WHERE bot_id = $1 AND update_id = $2',
      [bot_id, update_id, message_id],
    );
  }

  /** The end of an update, and all there is to say to it, in one commit. What was done before is not done again. */
  async finish(bot_id: number, update_id: number, outcome: string, answers: NewOutgoing[]): Promise<void> {
    const ended = await this.database.transaction(async (tx) => {
      if (!(await this.end(tx, bot_id, update_id, outcome))) return false;
      await this.outgoing.add(tx, bot_id, update_id, answers);
      return true;
    });
    if (ended) this.metrics.updateEnded(outcome);
  }

  /** Forgets what was done long ago, some at a time. */
  async clean(): Promise<void> {
    for (const table of ['updates', 'outgoing']) {
      await this.database.query(
        `DELETE FROM telegram.${table} WHERE ctid IN (
           SELECT ctid FROM telegram.${table} WHERE done_at < now() - make_interval(days => ${KEPT_DAYS}) LIMIT 10000)`,
      );
    }
  }

  private async end(tx: EntityManager, bot_id: number, update_id: number, outcome: string): Promise<boolean> {
    const [, ended] = await tx.query<[unknown[], number]>(
      `UPDATE telegram.updates SET state = 'done', outcome = $3, payload = NULL, done_at = now()
       WHERE bot_id = $1 AND update_id = $2 AND state <> 'done'`,
      [bot_id, update_id, outcome],
    );
    return ended > 0;
  }
}
