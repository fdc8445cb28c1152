import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { BotEntity } from '../bots/bot.entity';
import { wholeNumber } from '../database/whole.number';

/** What a user has shown a bot of themselves: the contact they shared. */
@Entity('users')
export class UserEntity {
  @PrimaryColumn('bigint', { transformer: wholeNumber })
  @ForeignKey(() => BotEntity, { onDelete: 'CASCADE' })
  bot_id!: number;

  @PrimaryColumn('bigint', { transformer: wholeNumber })
  user_id!: number;

  @Column('text')
  phone_number!: string;

  @Column('timestamptz', { default: () => 'now()' })
  shared_at!: Date;
}
