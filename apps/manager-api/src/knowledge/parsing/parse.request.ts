import type { DocumentType } from '@roost/contracts/rest';
import type { Chunk } from '../chunking/chunk.text';

/** What the parser process is asked to read. */
export interface ParseRequest {
  path: string;
  type: DocumentType;
  pages_max: number;
}

/** What it answers, once. */
export type ParseAnswer = { chunks: Chunk[] } | { problem: string };

/** Characters of text a document may yield: some 2,000 pages. */
export const TEXT_CHARACTERS_MAX = 5_000_000;

/** A document that cannot be read, said so that its owner knows what to do. */
export class UnreadableDocument extends Error {
  override readonly name = 'UnreadableDocument';
}

/** @throws {UnreadableDocument} */
export function boundedText(text: string): string {
  if (text.length > TEXT_CHARACTERS_MAX) {
    throw new UnreadableDocument(
      `The document yields more than ${TEXT_CHARACTERS_MAX} characters of text: split it into several.`,
    );
  }
  return text;
}

/** PostgreSQL stores neither NUL nor half a surrogate pair. */
export const storable = (text: string): string =>
  text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\uFFFD');
