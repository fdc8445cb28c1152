import { ServiceError } from '@roost/contracts';
import { z } from 'zod';
import { CallError, postJson } from '../json.call';
import type { EmbeddedTexts, Embedder } from './embedder';
import { batchesOf } from './embedding.batches';
import type { EmbeddingEndpoint } from './embedding.provider';

const Answer = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.array(z.number()).min(1) })),
  usage: z.object({ prompt_tokens: z.int().min(0) }).optional(),
});

export interface EmbeddingLimits {
  attempt_ms: number;
  /** Milliseconds of one batch, retries included. */
  deadline_ms: number;
  retries: number;
  backoff_ms: number;
}

const LIMITS: EmbeddingLimits = { attempt_ms: 30_000, deadline_ms: 60_000, retries: 4, backoff_ms: 500 };

/** Embeds over the OpenAI protocol: `POST <base_url>/embeddings`. */
export class OpenAiEmbedder implements Embedder {
  readonly model: string;

  constructor(
    private readonly endpoint: EmbeddingEndpoint,
    private readonly limits: EmbeddingLimits = LIMITS,
  ) {
    this.model = endpoint.model;
  }

  async embed(texts: string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    const vectors: number[][] = [];
    let input_tokens = 0;
    for (const batch of batchesOf(texts)) {
      const embedded = await this.embedBatch(batch, signal);
      vectors.push(...embedded.vectors);
      input_tokens += embedded.input_tokens;
    }
    const length = vectors[0]?.length;
    if (vectors.some((vector) => vector.length !== length))
      throw this.unavailable('its vectors differ in length');
    return { vectors, input_tokens };
  }

  private async embedBatch(input: string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    const { base_url, api_key, model, dimensions } = this.endpoint;
    try {
      const body = { model, input, encoding_format: 'float', ...(dimensions === null ? {} : { dimensions }) };
      const url = `${base_url.replace(/\/+$/, '')}/embeddings`;
      const answer = Answer.safeParse(await postJson({ url, api_key, body, signal, ...this.limits }));
      if (!answer.success) throw this.unavailable('it answered with something that is no list of vectors');
      return this.inOrder(answer.data, input.length);
    } catch (error) {
      if (error instanceof CallError) throw this.unavailable(error.message);
      throw error;
    }
  }

  private inOrder({ data, usage }: z.infer<typeof Answer>, count: number): EmbeddedTexts {
    const vectors = [...data].sort((one, other) => one.index - other.index);
    if (vectors.length !== count || vectors.some(({ index }, place) => index !== place))
      throw this.unavailable(`it answered ${vectors.length} vectors to ${count} texts`);
    const { dimensions } = this.endpoint;
    const odd = vectors.find(({ embedding }) => dimensions !== null && embedding.length !== dimensions);
    if (odd)
      throw this.unavailable(
        `it made vectors of ${odd.embedding.length} dimensions, not of EMBEDDING_DIMENSIONS=${dimensions ?? ''}`,
      );
    return {
      vectors: vectors.map(({ embedding }) => embedding),
      input_tokens: usage?.prompt_tokens ?? 0,
    };
  }

  private unavailable(what: string): ServiceError {
    const { base_url, model } = this.endpoint;
    return new ServiceError(
      'embedding_unavailable',
      `The embedding model ${model} at ${new URL(base_url).host} gave no vectors: ${what}. Check EMBEDDING_BASE_URL, ` +
        'EMBEDDING_API_KEY and EMBEDDING_MODEL, or try again.',
    );
  }
}
