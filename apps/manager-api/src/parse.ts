import { readFile } from 'node:fs/promises';
import { parseDocument } from './knowledge/parsing/parse.document';
import type { ParseAnswer, ParseRequest } from './knowledge/parsing/parse.request';

/**
 * Reads one document and ends: a program of its own, since what people upload may exhaust whatever reads it. The
 * manager starts it with a bounded heap, an empty environment and a deadline.
 */
process.once('message', (request: ParseRequest) => {
  void answer(request).then((found) => process.send?.(found, undefined, undefined, () => process.exit(0)));
});

async function answer({ path, type, pages_max }: ParseRequest): Promise<ParseAnswer> {
  return parseDocument(await readFile(path), type, pages_max);
}
