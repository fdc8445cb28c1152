/** Cells are cut there: a table is read on a telephone. */
const CELL_MAX = 60;

/** A table in text of fixed width, its columns aligned, a line below the head. */
export function tableText(rows: string[][]): string {
  const cells = rows.map((row) => row.map((cell) => shortened(cell)));
  const columns = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_column, index) =>
    Math.max(1, ...cells.map((row) => lengthOf(row[index] ?? ''))),
  );
  const lines = cells.map((row) =>
    widths
      .map((width, index) => padded(row[index] ?? '', width))
      .join(' │ ')
      .trimEnd(),
  );
  const [head, ...body] = lines;
  if (head === undefined) return '';
  return [head, widths.map((width) => '─'.repeat(width)).join('─┼─'), ...body].join('\n');
}

const lengthOf = (text: string): number => [...text].length;

const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - lengthOf(text)));

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= CELL_MAX ? text : `${characters.slice(0, CELL_MAX - 1).join('')}…`;
}
