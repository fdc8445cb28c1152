import type { MetadataFilter, RetrievedChunk, SearchMode } from '@roost/contracts';

/** One piece of one revision of a document. */
export interface StoredChunk {
  /** A UUID, which every store takes for an id; the same when the same piece is put again. */
  chunk_id: string;
  knowledge_base_id: string;
  document_id: string;
  /** Rises with each ingestion of changed content. */
  revision: number;
  /** From 0, without gaps. */
  position: number;
  title: string;
  text: string;
  source_url: string | null;
  metadata: MetadataFilter;
}

export interface EmbeddedChunk extends StoredChunk {
  vector: number[];
}

/** What all vectors of a collection have in common; vectors of another space cannot be compared with them. */
export interface VectorSpace {
  model: string;
  dimensions: number;
}

export interface StoreQuery {
  /** Never empty: nothing is found outside them. */
  knowledge_base_ids: string[];
  text: string;
  /** Null for the mode `keyword`. */
  vector: number[] | null;
  mode: SearchMode;
  limit: number;
  filter: MetadataFilter;
}

/**
 * Where chunks are found. Writes are idempotent: repeating one after a crash does no harm. What was put is found
 * once its revision is published; until then the one published before is.
 */
export interface KnowledgeStore {
  /**
   * Makes the collection for vectors of this space, if there is none.
   * @throws {ServiceError} `embedding_mismatch` when it holds vectors of another model or length; names both.
   */
  prepare(space: VectorSpace, signal: AbortSignal): Promise<void>;
  /** Chunks of a revision that is not published yet. */
  put(chunks: EmbeddedChunk[], signal: AbortSignal): Promise<void>;
  /**
   * From now on this revision of the document is found and no other; chunks of older ones are removed. One that a newer
   * revision has replaced stays replaced.
   */
  publish(document_id: string, revision: number, signal: AbortSignal): Promise<void>;
  /** Removes all revisions of a document; absent counts as done. */
  removeDocument(document_id: string, signal: AbortSignal): Promise<void>;
  /** Absent counts as done. */
  removeKnowledgeBase(knowledge_base_id: string, signal: AbortSignal): Promise<void>;
  /** Best first, at most `limit`; chunks of published revisions alone. */
  search(query: StoreQuery, signal: AbortSignal): Promise<RetrievedChunk[]>;
}

export const KNOWLEDGE_STORE = Symbol('KnowledgeStore');
