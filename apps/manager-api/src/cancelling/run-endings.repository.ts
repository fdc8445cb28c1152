import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Citation, RunTimeline } from '@roost/contracts';
import { DataSource } from 'typeorm';
import { cancelApprovalsOf } from '../approvals/pause.sql';
import { storableCitations } from '../chat/message.citations';
import { MessageEntity } from '../chat/message.entity';
import { storableText } from '../database/storable.text';

/** A message that is owed an answer, by its place. */
export interface OwedInThread {
  id: string;
  agent_id: string;
  thread_id: string;
  /** What a run had said that waits for approval; null when it does not. */
  said: string | null;
}

export interface CancelRequested {
  id: string;
  /** Its run waits for approval: no instance has it. */
  paused: boolean;
}

export interface RunReply {
  reply_id: string;
  agent_id: string;
  thread_id: string;
  /** The last of the messages that the run answers. */
  message_id: string;
  joined_message_ids: string[];
  content: string;
  /** Of the instance that answered; null when the manager ended the run itself, whatever the generation. */
  generation: number | null;
  usage: { input_tokens: number; output_tokens: number } | null;
  interrupted: boolean;
  timeline: RunTimeline | null;
  citations?: Citation[] | undefined;
}

/** Has not ended; what waits for approval is the manager's alone to end. $6 is the generation, null for a manager. */
const OPEN = "(status = 'accepted' OR (status = 'paused' AND $6::integer IS NULL))";

/** Empty when nothing was committed: it had been before, or the report is of another generation. */
const COMMIT = `WITH answered AS (UPDATE messages SET status = 'done', updated_at = now()
     WHERE id = $2 AND agent_id = $3 AND thread_id = $4 AND ${OPEN}
       AND ($6::integer IS NULL OR EXISTS (SELECT 1 FROM agents WHERE id = $3 AND generation = $6))
     RETURNING id, thread_id, agent_id, channel, version),
   cancelled AS (${cancelApprovalsOf('answered')}),
   joined AS (UPDATE messages SET status = 'done', joined_into = $2, updated_at = now()
     WHERE id = ANY($8) AND id <> $2 AND agent_id = $3 AND thread_id = $4 AND status = 'accepted'
       AND EXISTS (SELECT 1 FROM answered))
   INSERT INTO messages (id, thread_id, agent_id, role, content, status, in_reply_to, channel, version, generation,
                         usage, interrupted, timeline, citations)
   SELECT $1, thread_id, agent_id, 'assistant', $5, 'done', $2, channel, version, $6, $7, $9, $10, $11 FROM answered
   ON CONFLICT DO NOTHING RETURNING *`;

/** How runs end that are not one message with one whole reply: cancelled ones, and those of joined messages. */
@Injectable()
export class RunEndingsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /**
   * Notes that what the thread owes is to be answered no more; with `before`, only what came before that message.
   * @returns the messages concerned, in order.
   */
  async requestCancel(thread_id: string, before: string | null): Promise<CancelRequested[]> {
    const [rows] = await this.database.query<[(CancelRequested & { position: string })[], number]>(
      `WITH owed AS (SELECT id FROM messages WHERE thread_id = $1 AND status IN ('accepted', 'paused')
         AND ($2::text IS NULL OR position < (SELECT position FROM messages WHERE id = $2)) ORDER BY position FOR UPDATE)
       UPDATE messages SET cancel_requested_at = coalesce(cancel_requested_at, now()) FROM owed
       WHERE messages.id = owed.id RETURNING messages.id, messages.position, messages.status = 'paused' AS paused`,
      [thread_id, before],
    );
    return rows
      .sort((a, b) => Number(a.position) - Number(b.position))
      .map(({ id, paused }) => ({ id, paused }));
  }

  /** Those of the messages that have not ended. */
  stillOwed(ids: string[]): Promise<OwedInThread[]> {
    return this.database.query(
      `SELECT id, agent_id, thread_id, said FROM messages
       WHERE id = ANY($1) AND status IN ('accepted', 'paused') ORDER BY position`,
      [ids],
    );
  }

  /** Messages whose cancel was asked for more than `age_ms` ago, and which have not ended. */
  listOverdue(age_ms: number): Promise<OwedInThread[]> {
    return this.database.query(
      `SELECT id, agent_id, thread_id, said FROM messages
       WHERE (status = 'accepted' AND cancel_requested_at < now() - make_interval(secs => $1))
          OR (status = 'paused' AND cancel_requested_at < now() - make_interval(secs => $1))
       ORDER BY position LIMIT 500`,
      [age_ms / 1_000],
    );
  }

  /** @returns the reply as it stands now, or null when another end was first. */
  async commitReply(reply: RunReply): Promise<MessageEntity | null> {
    const [committed] = await this.database.query<MessageEntity[]>(COMMIT, [
      reply.reply_id,
      reply.message_id,
      reply.agent_id,
      reply.thread_id,
      storableText(reply.content),
      reply.generation,
      reply.usage,
      reply.joined_message_ids,
      reply.interrupted,
      reply.timeline,
      storableCitations(reply.citations),
    ]);
    if (committed) return committed;
    const before = await this.database
      .getRepository(MessageEntity)
      .findOneBy({ in_reply_to: reply.message_id });
    const repeated =
      before !== null && before.generation === reply.generation && before.interrupted === reply.interrupted;
    return repeated ? before : null;
  }

  /** The messages that end with the reply to `message_id`, in order. */
  async listJoined(message_id: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }[]>(
      'SELECT m.id FROM messages m JOIN messages last ON last.id = $1 AND m.thread_id = last.thread_id WHERE m.joined_into = $1 ORDER BY m.position',
      [message_id],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Ends messages of which nothing was said.
   * @returns those that ended so, now or when the same generation reported it the first time.
   */
  async commitCancelled(agent_id: string, ids: string[], generation: number | null): Promise<OwedInThread[]> {
    return this.database.query<OwedInThread[]>(
      `WITH ended AS (
       UPDATE messages SET status = 'failed', error_code = 'run_cancelled', generation = $3, updated_at = now()
       WHERE agent_id = $1 AND id = ANY($2) AND (status = 'accepted' OR (status = 'paused' AND $3::integer IS NULL)
         OR (status = 'failed' AND error_code = 'run_cancelled' AND generation = $3))
         AND ($3::integer IS NULL OR EXISTS (SELECT 1 FROM agents WHERE id = $1 AND generation = $3))
       RETURNING id, agent_id, thread_id, said),
       cancelled AS (${cancelApprovalsOf('ended')})
       SELECT * FROM ended`,
      [agent_id, ids, generation],
    );
  }
}
