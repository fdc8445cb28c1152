import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { AgentEntity } from '../agents/agent.entity';

/** One conversation of one user with one agent over one channel. */
@Entity('threads')
@Index('threads_by_user', ['user_id'], { where: 'user_id IS NOT NULL' })
@Index('threads_by_agent', ['agent_id', 'created_at', 'id'])
export class ThreadEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  @ForeignKey(() => AgentEntity, { onDelete: 'CASCADE' })
  agent_id!: string;

  /** Who began it: `key:<id>`, `user:<user_id>` or `anonymous`. */
  @Column('text')
  owner!: string;

  @Column('text', { nullable: true })
  user_id!: string | null;

  @Column('text')
  channel!: string;

  /** How often runs have paused for approval: what was sent to an instance before the last one is out of turn. */
  @Column('integer', { default: 0 })
  pauses!: number;

  /** How often something was erased from it: what an instance remembers from before the last time is out of date. */
  @Column('integer', { default: 0 })
  erasures!: number;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at!: Date;
}
