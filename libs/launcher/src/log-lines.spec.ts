import { describe, expect, it } from 'vitest';
import { linesOf, MAX_LINE_BYTES } from './log-lines';

async function* output(...chunks: (string | Buffer)[]): AsyncGenerator<Buffer, void> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
}
async function linesIn(...chunks: (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(output(...chunks))) lines.push(line);
  return lines;
}

describe('the lines of an output', () => {
  it('are the same wherever it was cut', async () => {
    const bytes = Buffer.from('a\n\ngröße\r\nlast');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(await linesIn(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(['a', '', 'größe', 'last']);
    }
  });

  it('come as soon as they are whole', async () => {
    const lines = linesOf(
      (async function* () {
        yield await Promise.resolve(Buffer.from('first\nsec'));
        throw new Error('cut');
      })(),
    );
    expect(await lines.next()).toEqual({ done: false, value: 'first' });
    await expect(lines.next()).rejects.toThrow('cut');
  });

  it('come in pieces where one is longer than its bound', async () => {
    const half = 'x'.repeat(MAX_LINE_BYTES / 2);
    const pieces = await linesIn(...Array<string>(5).fill(half), '\nnext\n');
    expect(pieces.map(({ length }) => length)).toEqual([
      MAX_LINE_BYTES,
      MAX_LINE_BYTES,
      MAX_LINE_BYTES / 2,
      4,
    ]);
  });
});
