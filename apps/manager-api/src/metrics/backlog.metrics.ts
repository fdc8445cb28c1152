import { Inject, Injectable } from '@nestjs/common';
import { MetricsRegistry, ReadGauges } from '@roost/service-kit/metrics';
import type { Logger } from 'pino';
import { LOGGER } from '../logging';
import { BacklogRepository } from './backlog.repository';

/** What is owed, by one query a scrape. Every manager says the same. */
@Injectable()
export class BacklogMetrics {
  constructor({ registry }: MetricsRegistry, backlog: BacklogRepository, @Inject(LOGGER) logger: Logger) {
    const gauges = new ReadGauges(
      registry,
      () => backlog.read(),
      (error) => logger.warn({ err: error }, 'the backlog is missing from the metrics'),
    );
    gauges.one(
      'roost_messages_owed',
      'Messages accepted and not answered yet, in the whole installation; a lower bound from 10,000 on',
      ({ owed }) => owed,
    );
    gauges.one(
      'roost_messages_owed_oldest_age_seconds',
      'Age of the oldest message that is owed an answer; 0 when none is',
      ({ oldest_age_s }) => oldest_age_s,
    );
  }
}
