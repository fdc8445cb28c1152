import type { FailureReason, OnBusy } from '@roost/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** An agent's identity and what starting it needs. What it is doing follows from its live instance. */
@Entity('agents')
export class AgentEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('boolean')
  enabled!: boolean;

  /** The current version. */
  @Column('integer')
  version!: number;

  /** Of the current version; here, so that accepting a message reads one row. */
  @Column('text', { default: 'enqueue' })
  on_busy!: OnBusy;

  /** Raised by every start; results of an older one are refused. */
  @Column('integer', { default: 0 })
  generation!: number;

  @Column('text', { nullable: true })
  failure_reason!: FailureReason | null;

  @Column('text', { nullable: true })
  failure_detail!: string | null;

  /** Failures in a row, forgotten with the next reply. */
  @Column('integer', { default: 0 })
  failures!: number;

  /** Until then a failed agent is not woken. */
  @Column('timestamptz', { nullable: true })
  wake_not_before!: Date | null;

  /** The API key that created it; null when that is not known. Starts are shared out fairly between keys. */
  @Column('text', { nullable: true })
  created_by!: string | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updated_at!: Date;
}
