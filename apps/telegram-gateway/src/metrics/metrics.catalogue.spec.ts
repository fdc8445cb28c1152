import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { MetricsRegistry, misnamed } from '@roost/service-kit/metrics';
import { type DeclaredMetric, metricsSection } from '@roost/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG } from '../config';
import { LOGGER } from '../logging';
import { metricsProviders } from './metrics.providers';

@Module({
  providers: [
    { provide: CONFIG, useValue: { METRICS_PORT: 0, GATEWAY_HOST: '127.0.0.1', DATABASE_POOL_SIZE: 10 } },
    { provide: LOGGER, useValue: pino({ enabled: false }) },
    { provide: getDataSourceToken(), useValue: {} },
    ...metricsProviders,
  ],
})
class Metrics {}

describe("the gateway's metrics", () => {
  let app: INestApplicationContext;
  let declared: DeclaredMetric[];
  beforeAll(async () => {
    app = await NestFactory.createApplicationContext(Metrics, { logger: false, abortOnError: false });
    const all = app.get(MetricsRegistry).registry.getMetricsAsArray() as unknown as DeclaredMetric[];
    declared = all.filter(({ name }) => name.startsWith('roost_'));
  });
  afterAll(() => app.close());

  it('are the table in docs/operations.md; after a change run: npm run generate', () => {
    const { table, documented } = metricsSection('telegram-gateway', declared);
    expect(documented).toBe(table);
  });

  it('have names as Prometheus asks for', () => {
    expect(declared.length).toBeGreaterThan(10);
    const faults = declared.flatMap(({ name, help, type, labelNames: labels = [] }) =>
      misnamed({ name, help, type: type as 'gauge', labels }),
    );
    expect(faults).toEqual([]);
  });
});
