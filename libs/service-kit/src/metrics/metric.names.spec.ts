import { describe, expect, it } from 'vitest';
import { misnamed, type NamedMetric } from './metric.names';

const metric = (changes: Partial<NamedMetric>): NamedMetric => ({
  name: 'roost_span_seconds',
  help: 'How long.',
  type: 'histogram',
  labels: ['span'],
  ...changes,
});

describe('the naming of metrics', () => {
  it.each<[Partial<NamedMetric>]>([
    [{}],
    [{ name: 'roost_messages_total', type: 'counter' }],
    [{ name: 'roost_messages_owed', type: 'gauge', labels: [] }],
  ])('lets pass what Prometheus asks for: %j', (changes) => {
    expect(misnamed(metric(changes))).toEqual([]);
  });

  it.each<[string, Partial<NamedMetric>]>([
    ['a counter without _total', { name: 'roost_messages', type: 'counter' }],
    ['a gauge with _total', { name: 'roost_messages_total', type: 'gauge' }],
    ['milliseconds', { name: 'roost_age_milliseconds', type: 'gauge' }],
    ['a distribution without a unit', { name: 'roost_span' }],
    ['capitals', { name: 'roostSpan_seconds' }],
    ['the suffix of a histogram', { name: 'roost_span_count', type: 'gauge' }],
    ['no help', { help: ' ' }],
    ['a label of Prometheus itself', { labels: ['le'] }],
  ])('finds %s', (_fault, changes) => {
    expect(misnamed(metric(changes))).toHaveLength(1);
  });
});
