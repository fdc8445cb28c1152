/** As far as a metric's name and labels say. */
export interface NamedMetric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  labels: string[];
}

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** Base units alone; see https://prometheus.io/docs/practices/naming. */
const DERIVED_UNIT = /_(milliseconds|ms|microseconds|minutes|hours|kilobytes|megabytes|mb|percent)(_|$)/;
/** Suffixes that the text format itself appends. */
const TAKEN = /_(count|sum|bucket|info)$/;
const RESERVED_LABELS = new Set(['le', 'quantile', 'job', 'instance']);

/** What is wrong with a metric by Prometheus' conventions, as `promtool check metrics` says it; empty when nothing is. */
export function misnamed({ name, help, type, labels }: NamedMetric): string[] {
  const faults = [
    [!NAME.test(name), 'names are lower case words joined by _'],
    [type === 'counter' && !name.endsWith('_total'), 'counters end in _total'],
    [type !== 'counter' && name.endsWith('_total'), 'only counters end in _total'],
    [DERIVED_UNIT.test(name), 'units are base units: seconds, bytes, ratio'],
    [TAKEN.test(name), 'this suffix belongs to the format'],
    [
      (type === 'histogram' || type === 'summary') && !/_(seconds|bytes|ratio)$/.test(name),
      'distributions end in their unit',
    ],
    [help.trim() === '', 'help says what is counted'],
    [labels.some((label) => !NAME.test(label)), 'labels are lower case words joined by _'],
    [labels.some((label) => RESERVED_LABELS.has(label)), 'this label belongs to Prometheus'],
    [labels.some((label) => name.includes(`_by_${label}`)), 'names do not repeat labels'],
  ] as const;
  return faults.flatMap(([wrong, fault]) => (wrong ? [`${name}: ${fault}`] : []));
}
