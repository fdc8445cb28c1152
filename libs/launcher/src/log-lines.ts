/** A longer line is passed on in pieces of this size, so that none has to be held whole. */
export const MAX_LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** The lines of an output as they become whole, and at its end what is left. Holds one line at most. */
export async function* linesOf(output: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of output) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      yield* piecesOf(Buffer.concat([rest, chunk.subarray(from, end)]));
      rest = Buffer.alloc(0);
      from = end + 1;
    }
    rest = Buffer.concat([rest, chunk.subarray(from)]);
    for (; rest.length > MAX_LINE_BYTES; rest = rest.subarray(MAX_LINE_BYTES)) {
      yield rest.toString('utf8', 0, MAX_LINE_BYTES);
    }
  }
  if (rest.length > 0) yield* piecesOf(rest);
}

function* piecesOf(line: Buffer): Generator<string, void> {
  const end = line.at(-1) === 0x0d ? line.length - 1 : line.length;
  if (end === 0) yield '';
  for (let from = 0; from < end; from += MAX_LINE_BYTES) {
    yield line.toString('utf8', from, Math.min(from + MAX_LINE_BYTES, end));
  }
}
