import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { traceparent } from '@roost/service-kit/tracing';
import { DataSource, type EntityManager } from 'typeorm';
import { storable } from '../database/storable';
import { GatewayMetrics } from '../metrics/gateway.metrics';
import { OutgoingEntity } from './outgoing.entity';
import type { OutgoingMessage } from './outgoing.message';

export interface NewOutgoing {
  chat_id: number;
  /** Which of the answers to its update it is. */
  name: string;
  message: OutgoingMessage;
}

@Injectable()
export class OutgoingRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** Commits what is said while an update is worked on; nothing once that is dropped or done. */
  async addMeanwhile(bot_id: number, update_id: number, messages: NewOutgoing[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      const open = await tx.query<unknown[]>(
        `SELECT 1 FROM telegram.updates WHERE bot_id = $1 AND update_id = $2 AND state <> 'done' FOR SHARE`,
        [bot_id, update_id],
      );
      if (open.length > 0) await this.add(tx, bot_id, update_id, messages);
    });
  }

  /** Commits what is to be sent; the same name for the same update is there once. */
  async add(tx: EntityManager, bot_id: number, update_id: number, messages: NewOutgoing[]): Promise<void> {
    for (const { chat_id, name, message } of messages) {
      await tx.query(
        `INSERT INTO telegram.outgoing (bot_id, chat_id, update_id, name, message, traceparent) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (bot_id, update_id, name) DO NOTHING`,
        [bot_id, chat_id, update_id, name, storable(message), traceparent() ?? null],
      );
    }
  }

  /** The next message of each chat but those named, oldest first; one that has to wait holds up its own chat alone. */
  next(bot_id: number, except_chats: number[], limit: number): Promise<OutgoingEntity[]> {
    return this.database
      .getRepository(OutgoingEntity)
      .createQueryBuilder('row')
      .where(
        `row.id IN (
           SELECT min(head.id) FROM telegram.outgoing head
           WHERE head.bot_id = :bot_id AND head.state IN ('waiting', 'sending') AND head.chat_id <> ALL(:except_chats)
           GROUP BY head.chat_id)`,
        { bot_id, except_chats },
      )
      .andWhere('row.not_before <= now()')
      .orderBy('row.id')
      .limit(limit)
      .getMany();
  }

  /** Chats that Telegram wants to hear nothing in, and for how many milliseconds. */
  pauses(bot_id: number): Promise<{ chat_id: number; wait_ms: number }[]> {
    return this.database.query(
      `SELECT chat_id::float8, max(extract(epoch FROM not_before - now()) * 1000)::float8 AS wait_ms
       FROM telegram.outgoing WHERE bot_id = $1 AND state = 'waiting' AND not_before > now() GROUP BY chat_id`,
      [bot_id],
    );
  }

  /** Whether the holder still has the bot, and may hand the message to Telegram now. */
  async claim(id: string, holder: string): Promise<boolean> {
    const [, claimed] = await this.database.query<[unknown[], number]>(
      `UPDATE telegram.outgoing o SET state = 'sending', attempts = attempts + 1
       WHERE id = $1 AND state IN ('waiting', 'sending')
         AND EXISTS (SELECT FROM telegram.bots b
                     WHERE b.bot_id = o.bot_id AND b.holder = $2 AND b.held_until > now())`,
      [id, holder],
    );
    return claimed > 0;
  }

  async sent(id: string, message_id: number | null): Promise<void> {
    // `reply:0` begins the answer; an update with a thread was a message to the agent.
    const [rows] = await this.database.query<[{ reply_s: number | null }[], number]>(
      `UPDATE telegram.outgoing o SET state = 'sent', message_id = $2, message = NULL, done_at = now() WHERE id = $1
       RETURNING (SELECT extract(epoch FROM now() - u.received_at)::float8 FROM telegram.updates u
                  WHERE o.name = 'reply:0' AND u.bot_id = o.bot_id AND u.update_id = o.update_id
                    AND u.thread_id IS NOT NULL AND u.state = 'done') AS reply_s`,
      [id, message_id],
    );
    for (const { reply_s } of rows) this.metrics.messageSent(reply_s);
  }

  async later(id: string, wait_ms: number, message?: OutgoingMessage, chat_id?: number): Promise<void> {
    await this.database.query(
      `UPDATE telegram.outgoing SET state = 'waiting', not_before = now() + make_interval(secs => $2 / 1000.0),
         message = coalesce($3::jsonb, message), chat_id = coalesce($4, chat_id)
       WHERE id = $1 AND state = 'sending'`,
      [id, wait_ms, message ? storable(message) : null, chat_id ?? null],
    );
    this.metrics.messageRetried();
  }

  /** Telegram does not take it, and never will. */
  async refused(id: string, reason: string): Promise<void> {
    await this.database.query(
      `UPDATE telegram.outgoing SET state = 'refused', refusal = $2, message = NULL, done_at = now() WHERE id = $1 AND state IN ('waiting', 'sending')`,
      [id, reason.slice(0, 500)],
    );
    this.metrics.messageRefused();
  }

  /** The first of that name. */
  find(bot_id: number, name: string): Promise<OutgoingEntity | null> {
    return this.database
      .getRepository(OutgoingEntity)
      .findOne({ where: { bot_id, name }, order: { id: 'ASC' } });
  }
}
