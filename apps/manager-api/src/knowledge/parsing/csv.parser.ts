import { parse } from 'csv-parse/sync';
import { UnreadableDocument } from './parse.request';
import { decodeText } from './text.encoding';

const DELIMITERS = [',', ';', '\t', '|'];
const ROWS_MAX = 200_000;
const COLUMNS_MAX = 500;

/** Every row becomes a paragraph of `column: value` lines, so that it can be understood by itself. */
export function parseCsv(content: Buffer): string {
  const text = decodeText(content);
  const [header = [], ...rows] = records(text);
  if (header.length > COLUMNS_MAX || rows.length > ROWS_MAX) {
    throw new UnreadableDocument(`A table may have ${ROWS_MAX} rows and ${COLUMNS_MAX} columns: split it.`);
  }
  if (rows.length === 0) return header.join('\n');
  return rows.map((row) => described(header, row)).join('\n\n');
}

const described = (header: string[], row: string[]): string =>
  row
    .map((value, column) => [
      header[column]?.trim() || `column ${column + 1}`,
      value.replace(/\s*\n\s*/g, ' ').trim(),
    ])
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');

function records(text: string): string[][] {
  try {
    return parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      to: ROWS_MAX + 2,
    });
  } catch {
    throw new UnreadableDocument('The table cannot be read as CSV: check its quotes.');
  }
}

/** The one that parts the first line into the most columns. */
function delimiterOf(text: string): string {
  const [first = ''] = text.split('\n', 1);
  const count = (delimiter: string): number => first.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}
