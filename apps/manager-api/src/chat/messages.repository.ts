import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { ErrorCode, InboxEntry, OnBusy, RunnerReport } from '@roost/contracts';
import { DataSource } from 'typeorm';
import { cancelApprovalsOf, decisionsOn, isDue } from '../approvals/pause.sql';
import { PreparedStatement } from '../database/prepared.statement';
import { storableText } from '../database/storable.text';
import { storableCitations } from './message.citations';
import { MessageEntity } from './message.entity';

export interface NewMessage {
  id: string;
  agent_id: string;
  thread_id: string;
  /** The message begins its thread. */
  begins: { owner: string; sender: string | null } | null;
  content: string;
  client_message_id: string | null;
  channel: string;
  user_id: string | null;
  user_data: Record<string, unknown>;
  claimed: Record<string, unknown>;
  /** Of the trace that its run goes on with. */
  traceparent?: string | undefined;
}

export interface Acceptance {
  enabled: boolean;
  version: number;
  /** Null when it was not inserted: the agent is disabled, owes too much, or it is a repeat. */
  message_id: string | null;
  created_at: Date | null;
  owes_too_much: boolean;
  /** An earlier message of the thread has no answer yet. */
  thread_owes: boolean;
  /** Such a one waits for approval, and this one with it. */
  thread_paused: boolean;
  /** How often runs of the thread have paused. */
  pauses: number;
  /** How often something was erased from the thread. */
  erasures: number;
  thread_exists: boolean;
  on_busy: OnBusy;
}

/** An entry that should be in an inbox, and the seconds since its message was accepted. */
export type OwedEntry = InboxEntry & { age_s: number };

export interface OwedMessage {
  id: string;
  thread_id: string;
}

/**
 * Accepts a message in one round trip and one commit: takes the agent's row FOR SHARE, so that an idle stop, which
 * takes it FOR UPDATE, sees the message or is seen by it. The row itself is not written. A thread is begun only with
 * the message that begins it; its foreign key is checked when the whole statement is done. With `on_busy: reject` the
 * message is exclusive: of two at once on one thread the unique index lets one in.
 */
const ACCEPT = new PreparedStatement<Acceptance>(
  'accept-message',
  `
  WITH agent AS (SELECT id, enabled, version, on_busy FROM agents WHERE id = $2 FOR SHARE),
  owed AS (SELECT count(*) >= $13 AS too_much FROM
            ((SELECT 1 FROM messages WHERE agent_id = $2 AND status = 'accepted' LIMIT $13) UNION ALL
             (SELECT 1 FROM messages WHERE agent_id = $2 AND status = 'paused' LIMIT $13)) waiting),
  thread AS (SELECT id, pauses, erasures FROM threads WHERE id = $3 AND agent_id = $2),
  paused AS (SELECT EXISTS (SELECT 1 FROM messages WHERE agent_id = $2 AND thread_id = $3 AND status = 'paused') AS is_so),
  message AS (INSERT INTO messages (id, thread_id, agent_id, role, content, status, client_message_id, sender, channel,
                                    user_id, user_data, claimed, version, exclusive,
                                    traceparent)
              SELECT $1, $3, agent.id, 'user', $5, 'accepted', $6, $11, $7, $8, $9, $10, agent.version,
                     agent.on_busy = 'reject', $14
              FROM agent, owed, paused WHERE enabled AND NOT too_much AND ($12::boolean OR EXISTS (SELECT 1 FROM thread))
                AND (agent.on_busy <> 'reject' OR NOT (paused.is_so OR EXISTS (SELECT 1 FROM messages WHERE thread_id = $3 AND status = 'accepted')))
              ON CONFLICT DO NOTHING RETURNING id, created_at),
  begun AS (INSERT INTO threads (id, agent_id, owner, user_id, channel)
            SELECT $3, $2, $4, $8, $7 FROM message WHERE $12::boolean)
  SELECT agent.enabled, agent.version, agent.on_busy, owed.too_much AS owes_too_much,
         paused.is_so OR EXISTS (SELECT 1 FROM messages WHERE agent_id = $2 AND status = 'accepted' AND thread_id = $3) AS thread_owes,
         paused.is_so AS thread_paused, coalesce((SELECT pauses FROM thread), 0) AS pauses,
         coalesce((SELECT erasures FROM thread), 0) AS erasures,
         (SELECT id FROM message) AS message_id, (SELECT created_at FROM message) AS created_at,
         $12::boolean OR EXISTS (SELECT 1 FROM thread) AS thread_exists
  FROM agent, owed, paused`,
);

/** Empty when nothing was committed: it had been before, or the report is of another generation. */
const COMMIT_REPLY = new PreparedStatement<MessageEntity>(
  'commit-reply',
  `WITH answered AS (UPDATE messages SET status = 'done', updated_at = now()
     WHERE id = $2 AND agent_id = $3 AND thread_id = $4 AND status = 'accepted'
       AND EXISTS (SELECT 1 FROM agents WHERE id = $3 AND generation = $6)
     RETURNING thread_id, agent_id, channel, version)
   INSERT INTO messages (id, thread_id, agent_id, role, content, status, in_reply_to, channel, version, generation, usage, timeline, citations)
   SELECT $1, thread_id, agent_id, 'assistant', $5, 'done', $2, channel, version, $6, $7, $8, $9 FROM answered
   ON CONFLICT DO NOTHING
   RETURNING id, position, thread_id, agent_id, role, content, status, in_reply_to, client_message_id, sender, channel,
             user_id, user_data, claimed, version, generation, error_code, usage, timeline, citations, exclusive,
             cancel_requested_at, interrupted, said, traceparent, joined_into, created_at, updated_at`,
);

const INBOX_ENTRY = `m.id AS message_id, m.thread_id, m.content, m.channel, m.user_id, m.user_data, m.claimed, m.version,
  extract(epoch FROM m.created_at) * 1000 AS accepted_at, t.pauses, t.erasures, m.traceparent, ${decisionsOn('m')} AS approvals`;

type OwedRow = Omit<OwedEntry, 'accepted_at' | 'approvals' | 'traceparent'> & {
  accepted_at: string;
  traceparent: string | null;
  approvals: InboxEntry['approvals'] | null;
};

@Injectable()
export class MessagesRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Null when there is no such agent. */
  async accept(message: NewMessage, pending_max: number): Promise<Acceptance | null> {
    const rows = await ACCEPT.run(this.database, [
      message.id,
      message.agent_id,
      message.thread_id,
      message.begins?.owner ?? null,
      message.content,
      message.client_message_id,
      message.channel,
      message.user_id,
      message.user_data,
      message.claimed,
      message.begins?.sender ?? null,
      message.begins !== null,
      pending_max,
      message.traceparent ?? null,
    ]);
    return rows[0] ?? null;
  }

  /** The message a repeat repeats. */
  findRepeated({
    agent_id,
    thread_id,
    client_message_id,
    begins,
  }: NewMessage): Promise<MessageEntity | null> {
    if (client_message_id === null) return Promise.resolve(null);
    const messages = this.database.getRepository(MessageEntity);
    if (begins === null) return messages.findOneBy({ thread_id, client_message_id });
    return begins.sender === null
      ? Promise.resolve(null)
      : messages.findOneBy({ agent_id, sender: begins.sender, client_message_id });
  }

  find(id: string): Promise<MessageEntity | null> {
    return this.database.getRepository(MessageEntity).findOneBy({ id });
  }

  findReply(in_reply_to: string): Promise<MessageEntity | null> {
    return this.database.getRepository(MessageEntity).findOneBy({ in_reply_to });
  }

  /** What the agent can answer now, oldest first: nothing of threads that wait for approval. */
  async listOwed(agent_id: string, limit: number): Promise<OwedEntry[]> {
    const rows = await this.database.query<OwedRow[]>(
      `SELECT ${INBOX_ENTRY}, extract(epoch FROM now() - m.created_at)::float8 AS age_s
       FROM messages m JOIN threads t ON t.id = m.thread_id
       WHERE m.agent_id = $1 AND ${isDue('m')} AND m.cancel_requested_at IS NULL ORDER BY m.position LIMIT $2`,
      [agent_id, limit],
    );
    return rows.map(({ approvals, traceparent, ...row }) => ({
      ...row,
      ...(traceparent === null ? {} : { traceparent }),
      accepted_at: Number(row.accepted_at),
      ...(approvals ? { approvals } : {}),
    }));
  }

  /** Agents that owe an answer, are enabled, and have neither a live instance nor a backoff to wait for. */
  async listSleepingDebtors(): Promise<string[]> {
    return this.agentIds(
      `SELECT DISTINCT m.agent_id FROM messages m JOIN agents a ON a.id = m.agent_id
       WHERE ${isDue('m')} AND m.cancel_requested_at IS NULL AND a.enabled AND (a.wake_not_before IS NULL OR a.wake_not_before <= now())
         AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.agent_id = m.agent_id AND i.ended_at IS NULL) LIMIT 500`,
    );
  }

  /** Running agents that have owed an answer for a while. */
  async listSlowDebtors(): Promise<string[]> {
    return this.agentIds(
      `SELECT DISTINCT m.agent_id FROM messages m JOIN instances i ON i.agent_id = m.agent_id AND i.state = 'running'
       WHERE ${isDue('m')} AND m.created_at < now() - interval '10 seconds' LIMIT 500`,
    );
  }

  /**
   * Commits a reply, once, and only from the agent's current generation.
   * @returns the reply as it stands now, or null when the report was refused.
   */
  async commitReply(
    reply_id: string,
    agent_id: string,
    report: Extract<RunnerReport, { outcome: 'completed' }>,
  ): Promise<MessageEntity | null> {
    const committed = await COMMIT_REPLY.run(this.database, [
      reply_id,
      report.message_id,
      agent_id,
      report.thread_id,
      storableText(report.content),
      report.generation,
      report.usage,
      report.timeline ?? null,
      storableCitations(report.citations),
    ]);
    const reply = committed[0] ?? (await this.findReply(report.message_id));
    return reply?.generation === report.generation ? reply : null;
  }

  /** @returns whether this is how the message ended, now or when the report came the first time. */
  async commitFailure(
    agent_id: string,
    message_id: string,
    code: string,
    generation: number,
  ): Promise<boolean> {
    const [rows] = await this.database.query<[unknown[], number]>(
      `UPDATE messages SET status = 'failed', error_code = $3, updated_at = now()
       WHERE id = $2 AND agent_id = $1 AND (status = 'accepted' OR (status = 'failed' AND error_code = $3))
         AND EXISTS (SELECT 1 FROM agents WHERE id = $1 AND generation = $4) RETURNING id`,
      [agent_id, message_id, code, generation],
    );
    return rows.length > 0;
  }

  /** Gives up on all that an agent owes, what waits for approval included. @returns what was given up, in order. */
  async failOwed(agent_id: string, code: ErrorCode): Promise<OwedMessage[]> {
    const [rows] = await this.database.query<[OwedMessage[], number]>(
      // Locked in the order in which a cancel locks them.
      `WITH owed AS MATERIALIZED (
         SELECT id FROM messages WHERE agent_id = $1 AND status IN ('accepted', 'paused') ORDER BY position FOR UPDATE),
       cancelled AS (${cancelApprovalsOf('owed')})
       UPDATE messages m SET status = 'failed', error_code = $2, updated_at = now()
       FROM owed WHERE m.id = owed.id RETURNING m.id, m.thread_id`,
      [agent_id, code],
    );
    return rows;
  }

  /** A page of a thread, oldest first; one row more than asked for. */
  page(thread_id: string, limit: number, after_position: string | null): Promise<MessageEntity[]> {
    const rows = this.database
      .getRepository(MessageEntity)
      .createQueryBuilder('row')
      .where('row.thread_id = :thread_id', { thread_id })
      .orderBy('row.position', 'ASC')
      .take(limit + 1);
    return (
      after_position === null ? rows : rows.andWhere('row.position > :after', { after: after_position })
    ).getMany();
  }

  /** The newest messages of a thread, oldest first. */
  async transcript(thread_id: string, limit: number): Promise<MessageEntity[]> {
    const newest = await this.database
      .getRepository(MessageEntity)
      .find({ where: { thread_id }, order: { position: 'DESC' }, take: limit });
    return newest.reverse();
  }

  private async agentIds(sql: string): Promise<string[]> {
    const rows = await this.database.query<{ agent_id: string }[]>(sql);
    return rows.map(({ agent_id }) => agent_id);
  }
}
