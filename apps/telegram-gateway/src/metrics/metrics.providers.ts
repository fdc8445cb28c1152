import { MetricsRegistry } from '@roost/service-kit/metrics';
import { GatewayMetrics } from './gateway.metrics';
import { MetricsServer } from './metrics.server';
import { PopulationMetrics } from './population.metrics';
import { PopulationRepository } from './population.repository';

export const metricsProviders = [
  GatewayMetrics,
  MetricsRegistry,
  MetricsServer,
  PopulationMetrics,
  PopulationRepository,
];
