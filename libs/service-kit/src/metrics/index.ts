export { BoundedLabel, OTHER } from './bounded.label';
export { type CountedPool, databasePoolGauges } from './database-pool.gauges';
export { MetricsController } from './metrics.controller';
export { DURATION_BUCKETS_S, MetricsRegistry } from './metrics.registry';
export { misnamed } from './metric.names';
export { ReadGauges } from './read.gauges';
