import { documentSection } from './document.section';

/** As far as prom-client keeps it of every metric, and types it nowhere. */
export interface DeclaredMetric {
  name: string;
  help: string;
  type: string;
  labelNames?: string[];
}

/** The metrics of a registry as a table in Markdown, and what docs/operations.md says of them; see {@link documentSection}. */
export function metricsSection(
  name: string,
  declared: readonly DeclaredMetric[],
): { table: string; documented: string } {
  const rows = [...declared]
    .sort((left, right) => left.name.localeCompare(right.name, 'en'))
    .map(({ name: metric, type, labelNames = [], help }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ');
      return `| \`${metric}\` | ${type} | ${labels} | ${help.replaceAll('|', '\\|')} |`;
    });
  const table = ['| Metric | Type | Labels | What it says |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
  return {
    table,
    documented: documentSection('docs/operations.md', `metrics:${name}`, 'metrics', table),
  };
}
