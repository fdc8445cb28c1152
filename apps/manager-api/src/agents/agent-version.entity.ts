import type { AgentConfiguration } from '@roost/contracts';
import { Column, CreateDateColumn, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { AgentEntity } from './agent.entity';

/** One immutable revision of an agent's configuration. */
@Entity('agent_versions')
export class AgentVersionEntity {
  @PrimaryColumn('text')
  @ForeignKey(() => AgentEntity, { onDelete: 'CASCADE' })
  agent_id!: string;

  @PrimaryColumn('integer')
  version!: number;

  @Column('jsonb')
  configuration!: AgentConfiguration;

  /** `model.api_key`, sealed; null when the agent has no key of its own. */
  @Column('text', { nullable: true })
  model_api_key!: string | null;

  @Column('integer', { nullable: true })
  restored_from!: number | null;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;
}
