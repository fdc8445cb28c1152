import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  type CountedPool,
  databasePoolGauges,
  MetricsRegistry,
  ReadGauges,
} from '@roost/service-kit/metrics';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { botStates } from '../bots/bot.entity';
import { CONFIG, type GatewayConfig } from '../config';
import { LOGGER } from '../logging';
import { PopulationRepository } from './population.repository';

/** Bots and backlogs, by one query a scrape: every gateway says the same. And this gateway's connections. */
@Injectable()
export class PopulationMetrics {
  constructor(
    { registry }: MetricsRegistry,
    population: PopulationRepository,
    @InjectDataSource() database: DataSource,
    @Inject(CONFIG) config: GatewayConfig,
    @Inject(LOGGER) logger: Logger,
  ) {
    const gauges = new ReadGauges(
      registry,
      () => population.read(),
      (error) => logger.warn({ err: error }, 'bots and backlogs are missing from the metrics'),
    );
    gauges.by('roost_telegram_bots', 'Bots, by state', 'state', botStates, ({ bots }) => bots);
    gauges.one(
      'roost_telegram_updates_open',
      'Updates received and not dealt with; a lower bound from 10,000 on',
      ({ updates_open }) => updates_open,
    );
    gauges.one(
      'roost_telegram_updates_open_oldest_age_seconds',
      'Age of the oldest update that is not dealt with; 0 when none is',
      ({ updates_oldest_age_s }) => updates_oldest_age_s,
    );
    gauges.one(
      'roost_telegram_outbox_open',
      'Messages that Telegram has not taken yet; a lower bound from 10,000 on',
      ({ outbox_open }) => outbox_open,
    );
    gauges.one(
      'roost_telegram_outbox_oldest_age_seconds',
      'Age of the oldest message that Telegram has not taken; 0 when none waits',
      ({ outbox_oldest_age_s }) => outbox_oldest_age_s,
    );
    const pool = (): CountedPool => (database.driver as unknown as { master: CountedPool }).master;
    databasePoolGauges(registry, pool, config.DATABASE_POOL_SIZE);
  }
}
