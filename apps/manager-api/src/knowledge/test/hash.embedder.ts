import { createHash } from 'node:crypto';
import type { EmbeddedTexts, Embedder } from '../embedding/embedder';

const DIMENSIONS = 8;

/** Vectors without meaning, the same for the same text; it can be held up or fail. */
export class HashEmbedder implements Embedder {
  readonly model = 'hash';
  /** Awaited before every call. */
  before: (texts: string[], signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  readonly batches: string[][] = [];

  async embed(texts: string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    await this.before(texts, signal);
    this.batches.push(texts);
    return { vectors: texts.map(vectorOf), input_tokens: texts.length };
  }
}

function vectorOf(text: string): number[] {
  const bytes = createHash('sha256').update(text).digest();
  return Array.from({ length: DIMENSIONS }, (_, index) => bytes.readInt8(index) / 128);
}
