import type { UsageKind } from '@roost/contracts';
import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** Tokens one run, or one search, has spent. It stays when the agent or the message is deleted: it was paid for. */
@Entity('token_usage')
@Index('token_usage_by_agent', ['agent_id', 'booked_at'])
@Index('token_usage_by_time', ['booked_at'])
export class TokenUsageEntity {
  /** The message that was answered, or the search: booking it twice counts once. */
  @PrimaryColumn('text')
  booking_id!: string;

  @PrimaryColumn('text')
  kind!: UsageKind;

  @PrimaryColumn('text')
  model!: string;

  @Column('text')
  agent_id!: string;

  /** The message of the user that was answered; null where there was none. */
  @Column('text', { nullable: true })
  message_id!: string | null;

  @Column('integer')
  calls!: number;

  @Column('bigint')
  input_tokens!: string;

  @Column('bigint')
  output_tokens!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  booked_at!: Date;
}
