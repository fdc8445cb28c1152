/** One series of a scrape, and what was added to it by each of some messages. */
export interface Observed {
  name: string;
  labels: Record<string, string>;
  /** Bounds of its buckets; null for a counter. */
  buckets: number[] | null;
  times_a_message: number;
  mean: number;
}

const LINE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm;
/** Work that goes on beside messages, and the scrape itself. */
const BESIDE = /^roost_(reconcile|launcher|database)|route="\/metrics"/;

/** Raised by amounts, once a message: a thousand tokens are one step of the counter. */
const AMOUNTS = /^roost_(tokens|token_cost)_total$/;

/** What `messages` messages added to the counters and histograms of a manager, between two scrapes. */
export function observations(before: string, after: string, messages: number): Observed[] {
  const earlier = valuesOf(before);
  const later = valuesOf(after);
  const grown = (series: string): number => (later.get(series) ?? 0) - (earlier.get(series) ?? 0);
  return [...later.keys()].flatMap((series): Observed[] => {
    const [name = '', inner = ''] = series.split('{');
    const isCounter = name.endsWith('_total');
    const added = grown(series);
    if (BESIDE.test(series) || added <= 0 || !(isCounter || name.endsWith('_count'))) return [];
    const labels = labelsOf(inner);
    if (AMOUNTS.test(name))
      return [{ name, labels, buckets: null, times_a_message: 1, mean: added / messages }];
    if (isCounter) return [{ name, labels, buckets: null, times_a_message: added / messages, mean: 1 }];
    const sum = grown(series.replace(/_count(?=\{|$)/, '_sum'));
    const base = name.slice(0, -'_count'.length);
    return [
      {
        name: base,
        labels,
        buckets: bucketsOf(base, later),
        times_a_message: added / messages,
        mean: sum / added,
      },
    ];
  });
}

const valuesOf = (text: string): Map<string, number> =>
  new Map(
    [...text.matchAll(LINE)]
      .filter(([, name = '']) => name.startsWith('roost_'))
      .map(([, name = '', labels, value]) => [labels ? `${name}{${labels}}` : name, Number(value)]),
  );

const labelsOf = (inner: string): Record<string, string> =>
  Object.fromEntries(
    [...inner.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
  );

const bucketsOf = (base: string, values: Map<string, number>): number[] =>
  [
    ...new Set(
      [...values.keys()]
        .filter((series) => series.startsWith(`${base}_bucket{`))
        .map((series) => Number(labelsOf(series)['le']?.replace('+Inf', 'NaN'))),
    ),
  ]
    .filter((bound) => !Number.isNaN(bound))
    .sort((left, right) => left - right);
