import { termsOf } from './tokenizer';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a of the UTF-8 bytes, 32 bits, unsigned: what stores know a term by (Fowler, Noll, Vo; RFC 9923). */
export function termId(term: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(term, 'utf8')) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

export interface TermCounts {
  /** How often each term occurs, by its {@link termId}. */
  counts: Map<number, number>;
  /** Terms in all. */
  length: number;
}

export function termCountsOf(text: string): TermCounts {
  const terms = termsOf(text);
  const counts = new Map<number, number>();
  for (const term of terms) {
    const id = termId(term);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return { counts, length: terms.length };
}

/** Distinct terms a query is searched by at most; questions have a dozen. */
const QUERY_TERMS_MAX = 64;

export const queryTermIds = (query: string): number[] =>
  [...termCountsOf(query).counts.keys()].slice(0, QUERY_TERMS_MAX);

/** What a chunk is found by: its own words and those of its document's title. */
export const indexedText = (chunk: { title: string; text: string }): string =>
  `${chunk.title}\n${chunk.text}`;
