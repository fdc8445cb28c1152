import type { TelegramIntegration } from '@roost/contracts';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumber } from '../database/whole.number';

export const botStates = ['stopped', 'starting', 'running', 'stopping', 'failed'] as const;
export type BotState = (typeof botStates)[number];

export interface BotError {
  /** RFC 3339, UTC. */
  at: string;
  code: string;
  detail: string;
}

/** One bot of Telegram, which speaks for one agent; and which gateway serves it. Its token is kept by the manager. */
@Entity('bots')
@Index('bots_agent', ['agent_id'], { unique: true, where: "desired = 'started'" })
export class BotEntity {
  /** Telegram's id, the part of the token before the colon. */
  @PrimaryColumn('bigint', { transformer: wholeNumber })
  bot_id!: number;

  @Column('text')
  agent_id!: string;

  @Column('text')
  username!: string;

  @Column('text')
  mode!: TelegramIntegration['mode'];

  /** What an operator asked for last; it survives restarts. */
  @Column('text')
  desired!: 'started' | 'stopped';

  @Column('text')
  state!: BotState;

  @Column('jsonb', { nullable: true })
  last_error!: BotError | null;

  @Column('timestamptz', { nullable: true })
  last_update_at!: Date | null;

  /** The first update that polling has not received. */
  @Column('bigint', { default: 0, transformer: wholeNumber })
  next_update_id!: number;

  /** SHA-256 of what Telegram must say with each webhook; null without one. */
  @Column('bytea', { nullable: true })
  webhook_secret_hash!: Buffer | null;

  /** Until then Telegram wants to hear nothing of the bot. */
  @Column('timestamptz', { nullable: true })
  silent_until!: Date | null;

  /** The gateway that serves it, until `held_until` by the database's clock. */
  @Column('text', { nullable: true })
  holder!: string | null;

  @Column('timestamptz', { nullable: true })
  held_until!: Date | null;

  /** Raised each time another gateway takes the bot over. */
  @Column('integer', { default: 0 })
  epoch!: number;

  /** Raised with what an operator changes: its holder looks anew where it serves an older one. */
  @Column('integer', { default: 0 })
  revision!: number;
}
