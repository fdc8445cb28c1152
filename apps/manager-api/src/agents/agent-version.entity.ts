import { type AgentConfiguration, completeConfiguration } from '@roost/contracts';
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

  /** Completed when it is read: versions are immutable, and older ones lack fields that came later. */
  @Column('jsonb', {
    transformer: {
      from: (stored: AgentConfiguration) => completeConfiguration(stored),
      to: (configuration: AgentConfiguration) => configuration,
    },
  })
  configuration!: AgentConfiguration;

  /** `model.api_key`, sealed; null when the agent has no key of its own. */
  @Column('text', { nullable: true })
  model_api_key!: string | null;

  /** The agent's secrets by name, each sealed. */
  @Column('jsonb', { default: {} })
  secrets!: Record<string, string>;

  /** The tokens of integrations by type, each sealed. */
  @Column('jsonb', { default: {} })
  integration_tokens!: Record<string, string>;

  @Column('integer', { nullable: true })
  restored_from!: number | null;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;
}
