import { z } from 'zod';
import { postJson } from '../json.call';

export interface Reranker {
  /** Places of `texts`, best first, with scores from 0 to 1; texts it says nothing of are left out. */
  rerank(query: string, texts: string[], signal: AbortSignal): Promise<{ index: number; score: number }[]>;
}

/** Null where none is configured. */
export const RERANKER = Symbol('Reranker');

export interface RerankEndpoint {
  url: string;
  api_key: string | null;
  model: string;
}

const Answer = z.object({
  results: z.array(z.object({ index: z.int().min(0), relevance_score: z.number() })),
});

/** A person waits: reranking that takes longer than this is not worth it. */
const LIMITS = { attempt_ms: 3_000, deadline_ms: 5_000, retries: 1, backoff_ms: 200 };

/** Reranks over the protocol of Cohere, which others speak too: `POST /v2/rerank`. */
export class CohereReranker implements Reranker {
  constructor(
    private readonly endpoint: RerankEndpoint,
    private readonly limits = LIMITS,
  ) {}

  async rerank(
    query: string,
    documents: string[],
    signal: AbortSignal,
  ): Promise<{ index: number; score: number }[]> {
    const { url, api_key, model } = this.endpoint;
    const answer = await postJson({
      url: `${url.replace(/\/+$/, '')}/v2/rerank`,
      api_key,
      body: { model, query, documents, top_n: documents.length },
      signal,
      ...this.limits,
    });
    return Answer.parse(answer)
      .results.filter(({ index }) => index < documents.length)
      .map(({ index, relevance_score }) => ({ index, score: relevance_score }))
      .sort((one, other) => other.score - one.score || one.index - other.index);
  }
}
