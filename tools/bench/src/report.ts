import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Machine } from './machine';
import { median, percentile } from './statistics';

/** One comparison: ours against the reference, measured by turns in one run. */
export interface Row {
  name: string;
  unit: 'ms' | 'MiB' | 'messages/s';
  ours: number | null;
  reference: number | null;
  /** Ours divided by the reference. */
  ratio: number | null;
  /** The most the ratio may be; null where the figure is only reported. */
  target: number | null;
  note: string;
  samples?: { ours: number[]; reference: number[] };
}

export interface Report {
  machine: Machine;
  measured_at: string;
  rows: Row[];
}

interface Comparison {
  name: string;
  unit: Row['unit'];
  ours: number[];
  reference: number[];
  target?: number;
  note?: string;
}

/** Medians of both sides, and the ratio of the medians. */
export function compare({ name, unit, ours, reference, target, note }: Comparison): Row {
  const [left, right] = [median(ours), median(reference)];
  return {
    name,
    unit,
    ours: left,
    reference: right,
    ratio: left / right,
    target: target ?? null,
    note: note ?? `${ours.length} pairs; ${spread(ours)} : ${spread(reference)}`,
    samples: { ours, reference },
  };
}

/** A figure that stands alone. */
export const figure = (name: string, unit: Row['unit'], samples: number[], note = ''): Row => ({
  name,
  unit,
  ours: median(samples),
  reference: null,
  ratio: null,
  target: null,
  note: note || `${samples.length} samples`,
  samples: { ours: samples, reference: [] },
});

export const notMeasured = (name: string, why: string, target: number | null = null): Row => ({
  name,
  unit: 'ms',
  ours: null,
  reference: null,
  ratio: null,
  target,
  note: `not measured: ${why}`,
});

/** The rows as a Markdown table, aligned for a terminal too. */
export function table(rows: Row[]): string {
  const head = ['', 'ours', 'reference', 'ratio', 'target', 'met', ''];
  const cells = rows.map((row) => [
    row.name,
    row.ours === null ? '–' : `${show(row.ours)} ${row.unit}`,
    row.reference === null ? '–' : `${show(row.reference)} ${row.unit}`,
    row.ratio === null ? '–' : row.ratio.toFixed(2),
    row.target === null ? '–' : `≤ ${row.target.toFixed(2)}`,
    row.ratio === null || row.target === null ? '–' : row.ratio <= row.target ? 'yes' : 'NO',
    row.note,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

export function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** The lowest tenth is what a neighbour on the machine disturbs least. */
const spread = (samples: number[]): string =>
  `p10 ${show(percentile(samples, 0.1))}, p90 ${show(percentile(samples, 0.9))}`;

const show = (value: number): string => value.toFixed(value < 100 ? 2 : 0);
