import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { MessageEntity } from '../chat/message.entity';

/** What one agent asked another while it answered a message. */
@Entity('handoffs')
export class HandoffEntity {
  /** The message being answered. */
  @PrimaryColumn('text')
  @ForeignKey(() => MessageEntity, { onDelete: 'CASCADE' })
  calling_message_id!: string;

  /** Of the call of the tool: a repeat of it is this row. */
  @PrimaryColumn('text')
  idempotency_key!: string;

  /** The other agent, its conversation for the calling thread, and the message it got. */
  @Column('text')
  agent_id!: string;

  @Column('text')
  thread_id!: string;

  @Column('text')
  @Index('handoffs_by_message', { unique: true })
  message_id!: string;

  /** Handoffs between the user's message and this one's answer, this one included. */
  @Column('integer')
  depth!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;
}
