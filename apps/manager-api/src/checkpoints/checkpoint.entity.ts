import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** One checkpoint of a graph, as LangGraph's serializer wrote it. */
@Entity('checkpoints')
export class CheckpointEntity {
  @PrimaryColumn('text')
  agent_id!: string;

  @PrimaryColumn('text')
  thread_id!: string;

  @PrimaryColumn('text')
  checkpoint_ns!: string;

  /** Sorts by age. */
  @PrimaryColumn('text')
  checkpoint_id!: string;

  @Column('text', { nullable: true })
  parent_checkpoint_id!: string | null;

  @Column('text')
  value_type!: string;

  @Column('bytea')
  value!: Buffer;

  @Column('jsonb')
  metadata!: Record<string, unknown>;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;
}

/** What a task wrote before the step that holds it was complete. */
@Entity('checkpoint_writes')
export class CheckpointWriteEntity {
  @PrimaryColumn('text')
  agent_id!: string;

  @PrimaryColumn('text')
  thread_id!: string;

  @PrimaryColumn('text')
  checkpoint_ns!: string;

  @PrimaryColumn('text')
  checkpoint_id!: string;

  @PrimaryColumn('text')
  task_id!: string;

  @PrimaryColumn('integer')
  index!: number;

  @Column('text')
  channel!: string;

  @Column('text')
  value_type!: string;

  @Column('bytea')
  value!: Buffer;
}
