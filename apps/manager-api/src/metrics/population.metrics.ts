import { Inject, Injectable } from '@nestjs/common';
import { failureReasons } from '@roost/contracts';
import { MetricsRegistry, ReadGauges } from '@roost/service-kit/metrics';
import type { Logger } from 'pino';
import { LOGGER } from '../logging';
import { liveStates, PopulationRepository, runStates } from './population.repository';

/** Who is at work, by one query a scrape. Every manager says the same. */
@Injectable()
export class PopulationMetrics {
  constructor(
    { registry }: MetricsRegistry,
    population: PopulationRepository,
    @Inject(LOGGER) logger: Logger,
  ) {
    const gauges = new ReadGauges(
      registry,
      () => population.read(),
      (error) => logger.warn({ err: error }, 'agents and runs are missing from the metrics'),
    );
    gauges.by(
      'roost_runs',
      'Messages that have not ended, by where they stand, in the whole installation; a lower bound from 10,000 on',
      'state',
      runStates,
      ({ runs }) => runs,
    );
    gauges.by(
      'roost_instances',
      'Runner instances that have not ended, by state, in the whole installation; those queued have not had their turn to start',
      'state',
      liveStates,
      ({ instances }) => instances,
    );
    gauges.by(
      'roost_agents_failed',
      'Agents whose last instance failed, by reason, in the whole installation',
      'reason',
      failureReasons,
      ({ failed_agents }) => failed_agents,
    );
    gauges.one(
      'roost_start_queue_oldest_age_seconds',
      'How long the start that waits longest has waited; 0 when none does',
      ({ queue_oldest_age_s }) => queue_oldest_age_s,
    );
  }
}
