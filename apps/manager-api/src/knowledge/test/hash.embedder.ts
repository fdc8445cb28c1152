import { createHash } from 'node:crypto';
import type { EmbeddedTexts, Embedder } from '../embedding/embedder';

const DIMENSIONS = 8;

/** Vectors without meaning, the same for the same text; it can be held up or fail. */
export class HashEmbedder implements Embedder {
  readonly model = 'hash';
  /** Awaited before every call. */
  before: (texts: string[], signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  readonly batches: string[][] = [];
  private released = new AbortController();

  /** Holds nobody up any more, and forgets what it was asked. */
  release(): void {
    this.before = () => Promise.resolve();
    this.released.abort();
    this.released = new AbortController();
    this.batches.length = 0;
  }

  async embed(texts: string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    await Promise.race([this.before(texts, signal), aborted(this.released.signal)]);
    this.batches.push(texts);
    return { vectors: texts.map(vectorOf), input_tokens: texts.length };
  }
}

function vectorOf(text: string): number[] {
  const bytes = createHash('sha256').update(text).digest();
  return Array.from({ length: DIMENSIONS }, (_, index) => bytes.readInt8(index) / 128);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
