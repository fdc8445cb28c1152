import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type CountedPool, databasePoolGauges, MetricsRegistry } from '@roost/service-kit/metrics';
import { DataSource } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../config';

/** The manager's connections to PostgreSQL. */
@Injectable()
export class DatabaseMetrics {
  constructor(
    { registry }: MetricsRegistry,
    @InjectDataSource() database: DataSource,
    @Inject(CONFIG) config: ManagerConfig,
  ) {
    const pool = (): CountedPool => (database.driver as unknown as { master: CountedPool }).master;
    databasePoolGauges(registry, pool, config.DATABASE_POOL_SIZE);
  }
}
