import { Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { BotEntity } from '../bots/bot.entity';
import { wholeNumber } from '../database/whole.number';
import type { OutgoingMessage } from './outgoing.message';

/**
 * `waiting`: not sent. `sending`: handed to Telegram, no answer yet; found so by another gateway, what became of it is
 * unknown. `sent`, and `refused` by Telegram for good.
 */
export const outgoingStates = ['waiting', 'sending', 'sent', 'refused'] as const;
export type OutgoingState = (typeof outgoingStates)[number];

/** One message to be sent, committed before it is; in a chat they go out in the order of their ids. */
@Entity('outgoing')
@Unique('outgoing_once', ['bot_id', 'update_id', 'name'])
@Index('outgoing_open', ['bot_id', 'chat_id', 'id'], { where: "state IN ('waiting', 'sending')" })
export class OutgoingEntity {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column('bigint', { transformer: wholeNumber })
  @ForeignKey(() => BotEntity, { onDelete: 'CASCADE' })
  bot_id!: number;

  @Column('bigint', { transformer: wholeNumber })
  chat_id!: number;

  /** What it answers. */
  @Column('bigint', { transformer: wholeNumber })
  update_id!: number;

  /** Which of the answers to the update it is: committing it twice makes one. */
  @Column('text')
  name!: string;

  /** Emptied once it is dealt with for good. */
  @Column('jsonb', { nullable: true })
  message!: OutgoingMessage | null;

  @Column('text', { default: 'waiting' })
  state!: OutgoingState;

  /** Times it was handed to Telegram. */
  @Column('integer', { default: 0 })
  attempts!: number;

  @Column('timestamptz', { default: () => 'now()' })
  not_before!: Date;

  /** Telegram's reason, where it refused. */
  @Column('text', { nullable: true })
  refusal!: string | null;

  @Column('bigint', { nullable: true, transformer: wholeNumber })
  message_id!: number | null;

  @Column('timestamptz', { default: () => 'now()' })
  created_at!: Date;

  /** Of the trace that sending it goes on with; null while traces are off, and for what no agent said. */
  @Column('text', { nullable: true })
  traceparent!: string | null;

  @Column('timestamptz', { nullable: true })
  done_at!: Date | null;
}
