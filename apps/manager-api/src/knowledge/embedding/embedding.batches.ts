/** What OpenAI and its like take in one call without complaint. */
const TEXTS_MAX = 96;
/**
 * OpenAI refuses 300,000 tokens a call; others less. A token is at least one byte of UTF-8, so that this many bytes
 * hold whatever the tokenizer.
 */
const BYTES_MAX = 96 * 1_024;

/** Texts in their order, cut into calls; a text beyond the bound goes alone. */
export function batchesOf(texts: string[]): string[][] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const text of texts) {
    const size = Buffer.byteLength(text);
    const current = batches.at(-1);
    if (current && current.length < TEXTS_MAX && bytes + size <= BYTES_MAX) {
      current.push(text);
      bytes += size;
    } else {
      batches.push([text]);
      bytes = size;
    }
  }
  return batches;
}
