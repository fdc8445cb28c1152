/** Turns texts into vectors. */
export interface Embedder {
  /** As its provider names it. */
  readonly model: string;

  /**
   * One vector a text, in their order and of one length. Texts embedded before cost no call.
   * @throws {ServiceError} `embedding_unavailable` after its retries, and when the provider refuses.
   */
  embed(texts: string[], signal: AbortSignal): Promise<EmbeddedTexts>;
}

export interface EmbeddedTexts {
  vectors: number[][];
  /** Spent on this call; 0 when all of it was cached. */
  input_tokens: number;
}

export const EMBEDDER = Symbol('Embedder');
