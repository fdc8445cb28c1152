import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Machine } from './machine';
import { median, percentile } from './statistics';

/** A bound of the ratio, of our own figure, or of what it is more than the reference. */
export interface Target {
  of: 'ratio' | 'ours' | 'difference';
  at: 'most' | 'least';
  bound: number;
}

export const ratioAtMost = (bound: number): Target => ({ of: 'ratio', at: 'most', bound });
export const ratioAtLeast = (bound: number): Target => ({ of: 'ratio', at: 'least', bound });
export const oursAtMost = (bound: number): Target => ({ of: 'ours', at: 'most', bound });
export const differenceAtMost = (bound: number): Target => ({ of: 'difference', at: 'most', bound });

/** One comparison: ours against the reference, measured by turns in one run. */
export interface Row {
  name: string;
  unit: 'ms' | 'MiB' | 'KiB' | 'messages/s';
  ours: number | null;
  reference: number | null;
  /** Ours divided by the reference. */
  ratio: number | null;
  /** What is asked for; null where the figure is only reported. */
  target: Target | null;
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
  target?: Target;
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
export const figure = (
  name: string,
  unit: Row['unit'],
  samples: number[],
  note = '',
  target: Target | null = null,
): Row => ({
  name,
  unit,
  ours: median(samples),
  reference: null,
  ratio: null,
  target,
  note: note || `${samples.length} samples`,
  samples: { ours: samples, reference: [] },
});

export const notMeasured = (name: string, why: string, target: Target | null = null): Row => ({
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
    row.target === null ? '–' : `${row.target.at === 'most' ? '≤' : '≥'} ${boundOf(row.target, row.unit)}`,
    isMet(row) ?? '–',
    row.note,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** Null where there is nothing to judge. */
function isMet({ target, ratio, ours, reference }: Row): 'yes' | 'NO' | null {
  if (target === null || ours === null) return null;
  const figure = { ratio, ours, difference: reference === null ? null : ours - reference }[target.of];
  if (figure === null) return null;
  return (target.at === 'most' ? figure <= target.bound : figure >= target.bound) ? 'yes' : 'NO';
}

function boundOf({ of, bound }: Target, unit: Row['unit']): string {
  switch (of) {
    case 'ratio':
      return bound.toFixed(2);
    case 'ours':
      return `${bound} ${unit}`;
    case 'difference':
      return `+${bound} ${unit}`;
  }
}

export function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** The lowest tenth is what a neighbour on the machine disturbs least. */
const spread = (samples: number[]): string =>
  `p10 ${show(percentile(samples, 0.1))}, p90 ${show(percentile(samples, 0.9))}`;

const show = (value: number): string => value.toFixed(value < 100 ? 2 : 0);
