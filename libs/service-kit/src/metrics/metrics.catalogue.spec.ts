import { type DeclaredMetric, metricsSection } from '@roost/testing';
import { expect, it } from 'vitest';
import { MetricsRegistry } from './metrics.registry';

it('the metrics of every process are the table in docs/operations.md; after a change run: npm run generate', () => {
  const declared = new MetricsRegistry().registry.getMetricsAsArray() as unknown as DeclaredMetric[];
  const { table, documented } = metricsSection('process', declared);
  expect(documented).toBe(table);
});
