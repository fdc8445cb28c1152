import type { TokenUsage } from './usage';

/** How a document is found: by meaning, by its words (BM25), or by both, fused by reciprocal rank (RRF). */
export const searchModes = ['hybrid', 'dense', 'keyword'] as const;
export type SearchMode = (typeof searchModes)[number];

/** Where a document is on its way into a knowledge base. */
export const ingestionStates = ['queued', 'parsing', 'embedding', 'ready', 'failed'] as const;
export type IngestionState = (typeof ingestionStates)[number];

/** One piece of a document as a search returns it. */
export interface RetrievedChunk {
  knowledge_base_id: string;
  document_id: string;
  /** Of the document. */
  title: string;
  /** Unique within the installation; another revision of the document has others. */
  chunk_id: string;
  /** Which piece of the document it is, from 0. */
  position: number;
  text: string;
  /** Comparable within one answer only: what it means depends on the mode and on the reranker. */
  score: number;
  /** Where the document came from, when it was given as a URL. */
  source_url: string | null;
}

/** Metadata entries that a document must have, all of them. */
export type MetadataFilter = Record<string, string | number | boolean>;

/**
 * `POST` {@link internalPaths.knowledgeSearch} -> 200 {@link RetrievalResponse}. The manager looks in those of the
 * knowledge bases that a `knowledge_base` tool of the agent's version names, and in no other.
 */
export interface RetrievalRequest {
  version: number;
  knowledge_base_ids: string[];
  query: string;
  /** At most 50. */
  limit: number;
  filter?: MetadataFilter;
  /** The message being answered, or a name of a trial, for the account of tokens. */
  message_id: string;
}

export interface RetrievalResponse {
  /** Best first. */
  results: RetrievedChunk[];
  /** What the search itself spent; absent where nothing was. */
  usage?: TokenUsage[];
}
