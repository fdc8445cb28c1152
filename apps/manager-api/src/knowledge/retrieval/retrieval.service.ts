import { Inject, Injectable } from '@nestjs/common';
import type {
  MetadataFilter,
  RetrievalResponse,
  RetrievedChunk,
  SearchMode,
  TokenUsage,
} from '@roost/contracts';
import type { Logger } from 'pino';
import { LOGGER } from '../../logging';
import { KnowledgeDocumentsRepository } from '../documents/knowledge-documents.repository';
import { EMBEDDER, type Embedder } from '../embedding/embedder';
import { KNOWLEDGE_STORE, type KnowledgeStore, type StoreQuery } from '../store/knowledge.store';
import { RERANKER, type Reranker } from './reranker';

export interface Retrieval {
  knowledge_base_ids: string[];
  query: string;
  limit: number;
  mode: SearchMode;
  filter: MetadataFilter;
}

/** A reranker reads so many times what is asked for, within these bounds. */
const RERANKED_TIMES = 4;
const RERANKED_MIN = 20;
const RERANKED_MAX = 100;
/** Pieces that are read where some of the best belong to deleted documents. */
const BESIDE_DELETED = 500;

/** Finds what knowledge bases say of a question. Who may look in which is for the callers to know. */
@Injectable()
export class RetrievalService {
  constructor(
    @Inject(KNOWLEDGE_STORE) private readonly store: KnowledgeStore,
    @Inject(EMBEDDER) private readonly embedder: Embedder,
    @Inject(RERANKER) private readonly reranker: Reranker | null,
    private readonly documents: KnowledgeDocumentsRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws {ServiceError} `embedding_unavailable` and `embedding_mismatch`, never in mode `keyword`. */
  async retrieve(retrieval: Retrieval, signal: AbortSignal): Promise<RetrievalResponse> {
    const { knowledge_base_ids, query, limit, mode, filter } = retrieval;
    if (knowledge_base_ids.length === 0) return { results: [] };
    const { vector, usage } = await this.embedded(query, mode, signal);
    const wanted = this.reranker
      ? Math.max(limit, Math.min(Math.max(limit * RERANKED_TIMES, RERANKED_MIN), RERANKED_MAX))
      : limit;
    const search = { knowledge_base_ids, text: query, vector, mode, limit: wanted, filter };
    const found = await this.present(search, signal);
    const results = (await this.reranked(query, found, signal)).slice(0, limit);
    return { results, ...(usage ? { usage: [usage] } : {}) };
  }

  private async embedded(
    query: string,
    mode: SearchMode,
    signal: AbortSignal,
  ): Promise<{ vector: number[] | null; usage: TokenUsage | null }> {
    if (mode === 'keyword') return { vector: null, usage: null };
    const { vectors, input_tokens } = await this.embedder.embed([query], signal);
    const vector = vectors[0] ?? [];
    const { model } = this.embedder;
    await this.store.prepare({ model, dimensions: vector.length }, signal);
    const spent = { kind: 'embedding', model, calls: 1, input_tokens, output_tokens: 0 } as const;
    return { vector, usage: input_tokens > 0 ? spent : null };
  }

  /** Nothing of a deleted document is found, also while the store that holds it is slow to let it go. */
  private async present(query: StoreQuery, signal: AbortSignal): Promise<RetrievedChunk[]> {
    const found = await this.store.search(query, signal);
    const left = await this.withoutDeleted(found);
    if (left.length === found.length) return left;
    // Else one that fits best would take the places of those that are there.
    const more = await this.store.search({ ...query, limit: BESIDE_DELETED }, signal);
    return (await this.withoutDeleted(more)).slice(0, query.limit);
  }

  private async withoutDeleted(found: RetrievedChunk[]): Promise<RetrievedChunk[]> {
    if (found.length === 0) return found;
    const ids = new Set(found.map(({ document_id }) => document_id));
    const deleted = await this.documents.deletedAmong([...ids]);
    return found.filter(({ document_id }) => !deleted.has(document_id));
  }

  /** A reranker that fails costs its order, not the answer. */
  private async reranked(
    query: string,
    found: RetrievedChunk[],
    signal: AbortSignal,
  ): Promise<RetrievedChunk[]> {
    if (!this.reranker || found.length < 2) return found;
    try {
      const order = await this.reranker.rerank(
        query,
        found.map(({ text }) => text),
        signal,
      );
      const best = order.flatMap(({ index, score }) => {
        const chunk = found[index];
        return chunk ? [{ ...chunk, score }] : [];
      });
      return best.length === 0 ? found : best;
    } catch (error) {
      signal.throwIfAborted();
      this.logger.warn({ err: error }, 'reranking failed; the order of the search stands');
      return found;
    }
  }
}
