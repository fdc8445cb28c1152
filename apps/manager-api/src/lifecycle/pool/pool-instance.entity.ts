import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** One member of the warm pool. Claiming it moves its id to the table of instances. */
@Entity('pool_instances')
@Index('pool_instances_ready', ['template', 'ready_at'], { where: "state = 'ready'" })
export class PoolInstanceEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  state!: 'starting' | 'ready';

  /** What it was started as; a manager that would start another kind recycles it. */
  @Column('text')
  template!: string;

  @Column('integer')
  memory_mb!: number;

  /** When it must be ready; null once it is. */
  @Column('timestamptz', { nullable: true })
  deadline!: Date | null;

  /** SHA-256 of the single-use code; null once exchanged. */
  @Column('bytea', { nullable: true })
  code_hash!: Buffer | null;

  /** SHA-256 of the token it says with that it is ready. */
  @Column('bytea', { nullable: true })
  token_hash!: Buffer | null;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;

  @Column('timestamptz', { nullable: true })
  ready_at!: Date | null;
}
