import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Messaging } from '@roost/messaging';
import pTimeout from 'p-timeout';
import { DataSource } from 'typeorm';
import { BotKeeper } from '../bots/bot.keeper';

const PROBE_MS = 2_000;

export interface Readiness {
  status: 'ready' | 'not_ready';
  dependencies: Record<string, 'up' | 'down'>;
}

/** A manager or a Telegram that is away does not make the gateway unready: what comes is kept until they are back. */
@Injectable()
export class HealthService {
  constructor(
    private readonly messaging: Messaging,
    private readonly keeper: BotKeeper,
    @InjectDataSource() private readonly database: DataSource,
  ) {}

  async readiness(): Promise<Readiness> {
    const [postgres, redis] = await Promise.all([
      answers(this.database.query('SELECT 1')),
      answers(this.messaging.ping()),
    ]);
    const bots = this.keeper.isAlive ? 'up' : 'down';
    const dependencies = { postgres, redis, bots } as const;
    const ready = postgres === 'up' && bots === 'up';
    return { status: ready ? 'ready' : 'not_ready', dependencies };
  }
}

const answers = (probe: Promise<unknown>): Promise<'up' | 'down'> =>
  pTimeout(probe, { milliseconds: PROBE_MS }).then(
    () => 'up',
    () => 'down',
  );
