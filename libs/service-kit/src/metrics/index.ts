export { MetricsController } from './metrics.controller';
export { DURATION_BUCKETS_S, MetricsRegistry } from './metrics.registry';
export { misnamed } from './metric.names';
