import { Column, Entity, ForeignKey, Generated, Index, PrimaryColumn } from 'typeorm';
import type { Update } from 'telegraf/types';
import { BotEntity } from '../bots/bot.entity';
import { wholeNumber } from '../database/whole.number';

/**
 * `received`: committed, nothing was done yet. `accepted`: the manager has taken the message and owes an answer.
 * `done`: whatever there was to say stands in the outbox.
 */
export const updateStates = ['received', 'accepted', 'done'] as const;
export type UpdateState = (typeof updateStates)[number];

/** What Telegram told a bot, committed before Telegram hears that it was received. */
@Entity('updates')
@Index('updates_open', ['bot_id', 'seq'], { where: "state <> 'done'" })
export class UpdateEntity {
  @PrimaryColumn('bigint', { transformer: wholeNumber })
  @ForeignKey(() => BotEntity, { onDelete: 'CASCADE' })
  bot_id!: number;

  @PrimaryColumn('bigint', { transformer: wholeNumber })
  update_id!: number;

  /** The order in which they came: Telegram's ids begin anew somewhere after a week of silence. */
  @Column('bigint', { transformer: wholeNumber })
  @Generated('increment')
  seq!: number;

  /** Emptied once it is dealt with for good. */
  @Column('jsonb', { nullable: true })
  payload!: Update | null;

  @Column('text', { default: 'received' })
  state!: UpdateState;

  /** What became of it: `answered`, `ignored`, or the code of an error. */
  @Column('text', { nullable: true })
  outcome!: string | null;

  /** In the manager, once it was accepted there. */
  @Column('text', { nullable: true })
  thread_id!: string | null;

  /** A message of ours that shows the answer while it is written. */
  @Column('bigint', { nullable: true, transformer: wholeNumber })
  shown_message_id!: number | null;

  @Column('timestamptz', { default: () => 'now()' })
  received_at!: Date;

  @Column('timestamptz', { nullable: true })
  done_at!: Date | null;
}
