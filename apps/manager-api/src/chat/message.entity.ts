import { Column, CreateDateColumn, Entity, ForeignKey, Generated, Index, PrimaryColumn } from 'typeorm';
import type { Citation, RunTimeline } from '@roost/contracts';
import { AgentEntity } from '../agents/agent.entity';
import { ThreadEntity } from './thread.entity';

export type MessageStatus = 'accepted' | 'paused' | 'done' | 'failed';

/**
 * One entry of a thread. The status of a user's message is the outbox: `accepted` is owed an answer, `paused` waits for
 * somebody to approve a call of a tool.
 */
@Entity('messages')
@Index('messages_by_user', ['user_id'], { where: 'user_id IS NOT NULL' })
@Index('messages_in_thread', ['thread_id', 'position'])
@Index('messages_owed', ['agent_id', 'position'], { where: "status = 'accepted'" })
@Index('messages_paused', ['agent_id', 'thread_id'], { where: "status = 'paused'" })
@Index('messages_active', ['agent_id', 'updated_at'])
@Index('messages_one_at_a_time', ['thread_id'], {
  unique: true,
  where: "status = 'accepted' AND exclusive",
})
@Index('messages_to_cancel', ['cancel_requested_at'], {
  where: "status = 'accepted' AND cancel_requested_at IS NOT NULL",
})
@Index('messages_repeat_in_thread', ['thread_id', 'client_message_id'], {
  unique: true,
  where: 'client_message_id IS NOT NULL',
})
@Index('messages_repeat_of_first', ['agent_id', 'sender', 'client_message_id'], {
  unique: true,
  where: 'client_message_id IS NOT NULL AND sender IS NOT NULL',
})
export class MessageEntity {
  @PrimaryColumn('text')
  id!: string;

  /** The order within a thread. */
  @Column('bigint')
  @Generated('increment')
  position!: string;

  @Column('text')
  @ForeignKey(() => ThreadEntity, { onDelete: 'CASCADE' })
  thread_id!: string;

  @Column('text')
  @ForeignKey(() => AgentEntity, { onDelete: 'CASCADE' })
  agent_id!: string;

  @Column('text')
  role!: 'user' | 'assistant';

  @Column('text')
  content!: string;

  @Column('text')
  status!: MessageStatus;

  /** The message answered; at most one reply each. */
  @Column('text', { nullable: true })
  @Index('messages_one_reply', { unique: true, where: 'in_reply_to IS NOT NULL' })
  in_reply_to!: string | null;

  @Column('text', { nullable: true })
  client_message_id!: string | null;

  /** Set on a message that began its thread: a repeat that does not know the thread finds it by its sender. */
  @Column('text', { nullable: true })
  sender!: string | null;

  @Column('text')
  channel!: string;

  /** Vouched for by a trusted party. */
  @Column('text', { nullable: true })
  user_id!: string | null;

  @Column('jsonb', { default: {} })
  user_data!: Record<string, unknown>;

  /** What an untrusted client said of itself. */
  @Column('jsonb', { default: {} })
  claimed!: Record<string, unknown>;

  /** The configuration that was current when the message was accepted. */
  @Column('integer')
  version!: number;

  /** Of the instance that answered. */
  @Column('integer', { nullable: true })
  generation!: number | null;

  @Column('text', { nullable: true })
  error_code!: string | null;

  @Column('jsonb', { nullable: true })
  usage!: { input_tokens: number; output_tokens: number } | null;

  /** Of a reply: where the time went. */
  @Column('jsonb', { nullable: true })
  timeline!: RunTimeline | null;

  /** Of a reply: what it rests on, when it rests on a knowledge base. */
  @Column('jsonb', { nullable: true })
  citations!: Citation[] | null;

  /** Accepted by an agent with `on_busy: reject`: no other such message of its thread may wait with it. */
  @Column('boolean', { default: false })
  exclusive!: boolean;

  /** Somebody asked that it be answered no more. */
  @Column('timestamptz', { nullable: true })
  cancel_requested_at!: Date | null;

  /** An answer that was cancelled: its content is what was said until then. */
  @Column('boolean', { default: false })
  interrupted!: boolean;

  /** Of a paused message: what its run had said. */
  @Column('text', { nullable: true })
  said!: string | null;

  /** Of the trace that its run goes on with (W3C Trace Context); null while traces are off. */
  @Column('text', { nullable: true })
  traceparent!: string | null;

  /** The later message whose reply answers this one, too. */
  @Column('text', { nullable: true })
  joined_into!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updated_at!: Date;
}
