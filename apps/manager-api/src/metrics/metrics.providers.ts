import { MetricsRegistry } from '@roost/service-kit/metrics';
import { BacklogMetrics } from './backlog.metrics';
import { BacklogRepository } from './backlog.repository';
import { ConnectionMetrics } from './connection.metrics';
import { DatabaseMetrics } from './database.metrics';
import { HttpMetrics } from './http.metrics';
import { LauncherMetrics } from './launcher.metrics';
import { ManagerMetrics } from './manager.metrics';
import { PopulationMetrics } from './population.metrics';
import { PopulationRepository } from './population.repository';
import { UsageMetrics } from './usage.metrics';

export const metricsProviders = [
  BacklogMetrics,
  BacklogRepository,
  ConnectionMetrics,
  DatabaseMetrics,
  HttpMetrics,
  LauncherMetrics,
  ManagerMetrics,
  MetricsRegistry,
  PopulationMetrics,
  PopulationRepository,
  UsageMetrics,
];
