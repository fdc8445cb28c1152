import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { knownSeries, root } from './known.metrics';
import { promqlFaults } from './promql.check';

interface Alert {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
}
interface Dashboard {
  uid: string;
  panels: { title: string; datasource: { uid: string }; targets: { expr: string; legendFormat: string }[] }[];
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const known = knownSeries();
const alerts = (
  parse(read('observability/prometheus/alerts.yml')) as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules);
const DASHBOARDS = 'observability/grafana/dashboards';
const dashboards = readdirSync(join(root, DASHBOARDS)).map(
  (file) => JSON.parse(read(`${DASHBOARDS}/${file}`)) as Dashboard,
);
/** As GitHub makes anchors of headings. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

interface Scrape {
  job_name: string;
  relabel_configs?: { target_label?: string; regex?: string; replacement?: string }[];
}
/** The jobs whose targets the alerts look at. */
const jobs = [
  ...new Set(alerts.flatMap(({ expr }) => [...expr.matchAll(/job="([^"]+)"/g)].map(([, job]) => job))),
].sort();

describe('the alerts', () => {
  it('know the jobs that Compose scrapes, and those that a cluster does', () => {
    const { scrape_configs } = parse(read('observability/prometheus/prometheus.yml')) as {
      scrape_configs: Scrape[];
    };
    expect(scrape_configs.map(({ job_name }) => job_name)).toEqual(jobs);

    const [{ relabel_configs = [] } = {}] = parse(
      read('observability/prometheus/kubernetes.yml'),
    ) as Scrape[];
    const named = relabel_configs.filter(({ target_label }) => target_label === 'job');
    expect(named.map(({ replacement }) => replacement)).toEqual(jobs);
    const manifests = read('k8s/base/manager.yaml') + read('k8s/base/gateway.yaml');
    for (const { regex = '' } of named) expect(manifests).toContain(`app.kubernetes.io/name: ${regex},`);
  });

  it.each(alerts)('$alert asks for what there is', ({ expr }) => {
    expect(promqlFaults(expr, known)).toEqual([]);
  });

  it('have names of their own, a severity, and a time that must pass', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { alert, labels, for: lasting } of alerts) {
      expect(['critical', 'warning'], alert).toContain(labels.severity);
      expect(lasting, alert).toMatch(/^\d+m$/);
    }
  });

  it('name labels in their summaries that are left in their result', () => {
    for (const { alert, expr, annotations } of alerts)
      for (const [, label = ''] of annotations.summary.matchAll(/\$labels\.(\w+)/g)) {
        const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, labels = '']) => labels.split(', '));
        const kept = grouped.length === 0 ? ['job', 'instance'] : (grouped[0] ?? []);
        expect(kept, alert).toContain(label);
      }
  });

  it('each have a chapter of the runbook, with symptom, where to look and remedy, and no chapter is without an alert', () => {
    const operations = read('docs/operations.md');
    const runbook = operations.slice(operations.indexOf('\n## Runbook\n'));
    const chapters = new Map(
      runbook
        .split(/^### /m)
        .slice(1)
        .map((chapter) => [anchor(chapter.split('\n')[0] ?? ''), chapter]),
    );
    const wanted = alerts.map(({ annotations }) => annotations.runbook_url);
    for (const url of wanted) expect(url).toMatch(/^docs\/operations\.md#/);
    const named = new Set(wanted.map((url) => url.split('#')[1] ?? ''));
    expect([...chapters.keys()].sort()).toEqual([...named].sort());
    for (const [name, chapter] of chapters)
      for (const part of ['**Symptom.**', '**Look at.**', '**Remedy.**'])
        expect(chapter, name).toContain(part);
  });
});

describe('the dashboards', () => {
  it('are four, and read from the data source that is set up', () => {
    expect(dashboards.map(({ uid }) => uid)).toEqual([
      'roost-agents',
      'roost-messages',
      'roost-overview',
      'roost-telegram',
    ]);
    const { datasources } = parse(read('observability/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { uid: string }[];
    };
    for (const { panels } of dashboards)
      for (const { datasource, title } of panels) expect(datasource.uid, title).toBe(datasources[0]?.uid);
  });

  it.each(dashboards.flatMap(({ uid, panels }) => panels.map((panel) => ({ uid, ...panel }))))(
    '$uid: $title asks for what there is',
    ({ targets }) => {
      expect(targets.length).toBeGreaterThan(0);
      expect(targets.flatMap(({ expr }) => promqlFaults(expr, known))).toEqual([]);
      for (const { expr, legendFormat } of targets)
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect(expr).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
    },
  );

  it('show every metric of ours', () => {
    const shown = dashboards.flatMap(({ panels }) =>
      panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    );
    const names = new Set(
      [...known.keys()]
        .filter((series) => series.startsWith('roost_'))
        .map((series) => series.replace(/_(bucket|sum|count)$/, '')),
    );
    expect([...names].filter((name) => !shown.some((expr) => expr.includes(name)))).toEqual([]);
  });
});

describe('the check of PromQL', () => {
  const some = new Map([['roost_runs', new Set(['state', 'job'])]]);
  it.each([
    ['sum(roost_runs', 'syntax'],
    ['sum(roost_walks)', 'there is no roost_walks'],
    ['roost_runs{mood="good"}', 'roost_runs has no label mood'],
    ['sum by (mood) (roost_runs)', 'nothing has the label mood'],
    ['roost_runs / on (mood) roost_runs', 'nothing has the label mood'],
    ['{__name__="roost_runs"}', 'there is no'],
  ])('sees what is wrong with %s', (expression, fault) => {
    expect(promqlFaults(expression, some).join()).toContain(fault);
  });

  it('lets pass what is right', () => {
    expect(promqlFaults('sum by (state) (rate(roost_runs{job="x"}[$__rate_interval])) > 1', some)).toEqual(
      [],
    );
  });
});

describe('Prometheus and Grafana in Compose', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, Record<string, any>>;
  };
  const of = (name: string): Record<string, any> => compose.services[name] ?? {};

  it.each(['prometheus', 'grafana'])(
    '%s comes with the profile alone, pinned, limited and on the loopback address',
    (name) => {
      const service = of(name);
      expect(service['profiles']).toEqual(['observability']);
      expect(service['image']).toMatch(/^\$\{[A-Z]+_IMAGE:-[a-z/]+:v?\d+\.\d+\.\d+\}$/);
      expect(service['healthcheck']).toBeDefined();
      expect(service['mem_limit']).toBeDefined();
      expect(service['cpus']).toBeDefined();
      expect(service['cap_drop']).toEqual(['ALL']);
      expect(service['ports']).toEqual([
        expect.stringMatching(/^\$\{[A-Z]+_PUBLISH:-127\.0\.0\.1:\d+\}:\d+$/),
      ]);
    },
  );

  it('scrape what is there, by a network that reaches nothing else', () => {
    const { scrape_configs } = parse(read('observability/prometheus/prometheus.yml')) as {
      scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const targets = scrape_configs.flatMap(({ dns_sd_configs }) =>
      dns_sd_configs.map(({ names: [name = ''], port }) => ({ name, port })),
    );
    expect(targets).toEqual([
      { name: 'agent-manager', port: Number(of('agent-manager')['environment'].INTERNAL_PORT) },
      { name: 'telegram-gateway', port: Number(of('telegram-gateway')['environment'].METRICS_PORT) },
    ]);
    expect(of('prometheus')['networks']).toEqual(['scrape', 'observability']);
    const reached = Object.keys(compose.services).filter((name) =>
      of(name)['networks']?.includes?.('scrape'),
    );
    expect(reached.sort()).toEqual(['agent-manager', 'prometheus', 'telegram-gateway']);
  });

  it('never publish the port of the metrics', () => {
    for (const name of ['agent-manager', 'telegram-gateway'])
      for (const port of of(name)['ports']) expect(port).not.toMatch(/8001|9102/);
  });
});
