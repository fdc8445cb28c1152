import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { EmbeddedTexts, Embedder } from './embedder';
import { EmbeddingCacheRepository } from './embedding-cache.repository';

/** Asks the model once for a text, as long as the cache remembers it. A cache that fails is no reason not to ask. */
export class CachedEmbedder implements Embedder {
  readonly model: string;

  constructor(
    private readonly embedder: Embedder,
    private readonly cache: EmbeddingCacheRepository,
    /** Whatever else decides what the vectors are: where they come from, and their length. */
    private readonly variant: string,
    private readonly logger: Logger,
  ) {
    this.model = embedder.model;
  }

  async embed(texts: string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    const keys = texts.map((text) => this.keyOf(text));
    const known = await this.known([...new Map(keys.map((key) => [key.toString('hex'), key])).values()]);
    const missing = new Map<string, { key: Buffer; text: string }>();
    texts.forEach((text, index) => {
      const key = keys[index];
      if (key && !known.has(key.toString('hex'))) missing.set(key.toString('hex'), { key, text });
    });
    const asked = [...missing.values()];
    const embedded =
      asked.length === 0
        ? { vectors: [], input_tokens: 0 }
        : await this.embedder.embed(
            asked.map(({ text }) => text),
            signal,
          );
    const made = asked.flatMap(({ key }, index) => {
      const vector = embedded.vectors[index];
      return vector ? [{ key, vector }] : [];
    });
    for (const { key, vector } of made) known.set(key.toString('hex'), vector);
    await this.remember(made);
    return {
      vectors: keys.map((key) => known.get(key.toString('hex')) ?? []),
      input_tokens: embedded.input_tokens,
    };
  }

  private keyOf(text: string): Buffer {
    return createHash('sha256')
      .update(JSON.stringify([this.model, this.variant, text]))
      .digest();
  }

  private async known(keys: Buffer[]): Promise<Map<string, number[]>> {
    try {
      return await this.cache.get(keys);
    } catch (error) {
      this.logger.warn({ err: error }, 'the cache of embeddings does not answer; the model is asked');
      return new Map();
    }
  }

  private async remember(made: { key: Buffer; vector: number[] }[]): Promise<void> {
    if (made.length === 0) return;
    await this.cache.put(made).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'embeddings were not cached');
    });
  }
}
