import type { SearchMode } from '@roost/contracts';
import type { JudgedRow } from './judged.rows';
import { retrievalMeasures, type RetrievalRow } from './retrieval.rows';
import type { Estimate } from './statistics';

const titles: Record<SearchMode, string> = { dense: 'dense', keyword: 'BM25', hybrid: 'hybrid' };

/** As Markdown: a share with its 95 % interval in each cell. */
export const retrievalTable = (rows: readonly RetrievalRow[]): string =>
  table(
    ['half', 'questions', 'n', 'search', ...retrievalMeasures],
    rows.map(({ split, slice, questions, mode, figures, note }) => [
      split,
      slice,
      String(questions),
      titles[mode],
      ...retrievalMeasures.map((measure, column) =>
        figures === null ? (column === 0 ? note : '') : show(figures[measure]),
      ),
    ]),
  );

export const judgedTable = (rows: readonly JudgedRow[]): string =>
  table(
    ['half', 'measure', 'n', 'value'],
    rows.map(({ split, measure, figure, note }) => [
      split,
      measure,
      figure === null ? '–' : String(figure.n),
      figure === null ? note : show(figure),
    ]),
  );

const show = (figure: Estimate | null): string =>
  figure === null ? '–' : `${figure.mean.toFixed(2)} [${figure.low.toFixed(2)}, ${figure.high.toFixed(2)}]`;

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
