import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { AgentEntity } from '../agents/agent.entity';

export type InstanceState = 'starting' | 'initializing' | 'running' | 'stopping' | 'ended';

/** One runner instance; at most one an agent has not ended. */
@Entity('instances')
@Index('instances_generation', ['agent_id', 'generation'], { unique: true })
@Index('instances_live', ['agent_id'], { unique: true, where: 'ended_at IS NULL' })
@Index('instances_kept', ['keep_until'], { where: 'keep_until IS NOT NULL' })
export class InstanceEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  @ForeignKey(() => AgentEntity, { onDelete: 'CASCADE' })
  agent_id!: string;

  @Column('integer')
  generation!: number;

  @Column('text')
  state!: InstanceState;

  /** When a transitional state must be over. */
  @Column('timestamptz', { nullable: true })
  deadline!: Date | null;

  /** When it had its turn to start; until then it waits in the queue and has no code. */
  @Column('timestamptz', { nullable: true })
  launched_at!: Date | null;

  /** SHA-256 of the single-use code; null once exchanged. */
  @Column('bytea', { nullable: true })
  code_hash!: Buffer | null;

  /** SHA-256 of the instance's token. */
  @Column('bytea', { nullable: true })
  @Index('instances_token', { unique: true })
  token_hash!: Buffer | null;

  @Column('integer', { nullable: true })
  running_version!: number | null;

  /** Someone asked for a start while it was stopping. */
  @Column('boolean', { default: false })
  restart_wanted!: boolean;

  /** Started by a person, not by the launcher: its heartbeat is all that is known of it. */
  @Column('boolean', { default: false })
  by_hand!: boolean;

  /** Taken from the warm pool: until it has exchanged its code, its silence is not the agent's fault. */
  @Column('boolean', { default: false })
  claimed!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;

  /** As its program told when it was ready. */
  @Column('timestamptz', { nullable: true })
  process_started_at!: Date | null;

  @Column('timestamptz', { nullable: true })
  exchanged_at!: Date | null;

  @Column('timestamptz', { nullable: true })
  ready_at!: Date | null;

  @Column('timestamptz', { nullable: true })
  ended_at!: Date | null;

  /** An ended instance's container stays until then, for its logs; null once it has been removed. */
  @Column('timestamptz', { nullable: true })
  keep_until!: Date | null;
}

/** It ended, or ends, in the queue of starts: there is nothing to stop, to fence off or to remove. */
export const neverLaunched = (
  // Managers of the release before do not write `launched_at`.
  { launched_at, code_hash, token_hash }: Pick<InstanceEntity, 'launched_at' | 'code_hash' | 'token_hash'>,
): boolean => launched_at === null && code_hash === null && token_hash === null;
