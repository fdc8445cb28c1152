import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { BotEntity } from '../bots/bot.entity';
import { wholeNumber } from '../database/whole.number';

/** A chat, or one topic of a forum, and the thread it is with the agent. */
@Entity('conversations')
export class ConversationEntity {
  @PrimaryColumn('bigint', { transformer: wholeNumber })
  @ForeignKey(() => BotEntity, { onDelete: 'CASCADE' })
  bot_id!: number;

  @PrimaryColumn('bigint', { transformer: wholeNumber })
  chat_id!: number;

  /** 0 outside of forums. */
  @PrimaryColumn('bigint', { transformer: wholeNumber })
  topic_id!: number;

  /** Null until the first message, and after /new. */
  @Column('text', { nullable: true })
  thread_id!: string | null;
}
