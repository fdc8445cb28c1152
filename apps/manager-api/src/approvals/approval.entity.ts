import type { ApprovalState } from '@roost/contracts';
import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { MessageEntity } from '../chat/message.entity';
import { ThreadEntity } from '../chat/thread.entity';

/** One call of a tool that somebody has to allow. Its id follows from the call: a repeated run asks the same. */
@Entity('approvals')
@Index('approvals_of_message', ['message_id'])
@Index('approvals_in_thread', ['thread_id', 'created_at', 'id'])
@Index('approvals_to_expire', ['expires_at'], { where: "state = 'pending'" })
export class ApprovalEntity {
  @PrimaryColumn('text')
  id!: string;

  /** It goes with its thread. */
  @Column('text')
  agent_id!: string;

  @Column('text')
  @ForeignKey(() => ThreadEntity, { onDelete: 'CASCADE' })
  thread_id!: string;

  @Column('text')
  @ForeignKey(() => MessageEntity, { onDelete: 'CASCADE' })
  message_id!: string;

  @Column('text')
  tool!: string;

  @Column('jsonb')
  arguments!: Record<string, unknown>;

  @Column('text', { default: 'pending' })
  state!: ApprovalState;

  @Column('jsonb', { nullable: true })
  edited_arguments!: Record<string, unknown> | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { nullable: true })
  decided_by!: string | null;

  @Column({ type: 'timestamptz', nullable: true, precision: 3 })
  decided_at!: Date | null;

  @Column({ type: 'timestamptz', precision: 3 })
  expires_at!: Date;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at!: Date;
}
