import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { AgentEntity } from '../agents/agent.entity';

/** What an agent remembers of a user across threads. */
@Entity('user_facts')
@Index('user_facts_by_user', ['user_id', 'created_at', 'id'])
@Index('user_facts_once', ['agent_id', 'user_id', 'text'], { unique: true })
export class UserFactEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  @ForeignKey(() => AgentEntity, { onDelete: 'CASCADE' })
  agent_id!: string;

  @Column('text')
  user_id!: string;

  @Column('text')
  text!: string;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at!: Date;
}
