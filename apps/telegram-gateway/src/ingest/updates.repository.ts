import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { Update } from 'telegraf/types';
import { storable } from '../database/storable';
import type { NewOutgoing } from '../outbox/outgoing.repository';
import { OutgoingRepository } from '../outbox/outgoing.repository';
import { GatewayMetrics } from '../metrics/gateway.metrics';
import { UpdateEntity } from './update.entity';

/** Days an update that is done is known, so that Telegram can repeat it without effect; it does so for a day. */
const KEPT_DAYS = 7;

/** Updates of one chat that are at work at a time. */
const OF_A_CHAT_MAX = 20;
/** Of a long backlog, what is looked at for the chats in it. */
const LOOKED_AT_MAX = 5_000;
/** The chat of an update, whatever kind it is of. */
const CHAT = `coalesce(payload #>> '{message,chat,id}', payload #>> '{edited_message,chat,id}',
                       payload #>> '{callback_query,message,chat,id}', '')`;

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
   * What is not done, oldest first and some of each chat: one that says much holds up no other. Nothing once the bot
   * speaks for another agent, or is another gateway's.
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
             SELECT update_id, row_number() OVER (PARTITION BY ${CHAT} ORDER BY seq) AS place FROM (
               SELECT update_id, seq, payload FROM telegram.updates
               WHERE bot_id = :bot_id AND state <> 'done' ORDER BY seq LIMIT ${LOOKED_AT_MAX}) oldest) ranked
           WHERE place <= ${OF_A_CHAT_MAX})`,
        { bot_id },
      )
      .andWhere(
        `EXISTS (SELECT FROM telegram.bots b WHERE b.bot_id = :bot_id AND b.agent_id = :agent_id
                   AND b.holder = :holder AND b.held_until > now())`,
        { agent_id, holder },
      )
      .orderBy('row.seq')
      .limit(limit)
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
