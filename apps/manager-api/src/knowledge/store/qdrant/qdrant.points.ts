import type { MetadataFilter, RetrievedChunk } from '@roost/contracts';
import type { Schemas } from '@qdrant/js-client-rest';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { EmbeddedChunk } from '../knowledge.store';
import { termWeights } from '../sparse/bm25';
import { indexedText, queryTermIds, termCountsOf } from '../sparse/term-counts';
import { DENSE, SPARSE } from './qdrant.collection';

/**
 * Terms of a chunk as BM25 takes the average to be. A constant, for a kept average would drift away from the vectors
 * written before; Qdrant's own BM25 takes the same.
 */
const AVERAGE_LENGTH = 256;

export function chunkPoint(chunk: EmbeddedChunk, published: boolean): Schemas['PointStruct'] {
  const { chunk_id, vector, metadata, ...fields } = chunk;
  const weights = termWeights(termCountsOf(indexedText(chunk)), AVERAGE_LENGTH);
  return {
    id: chunk_id,
    vector: {
      [DENSE]: vector,
      ...(weights.size === 0 ? {} : { [SPARSE]: sparse(weights) }),
    },
    payload: { ...fields, published, facets: Object.entries(metadata).map(facet) },
  };
}

/** The sparse vector of a question; null where it has no terms. */
export function queryVector(text: string): Schemas['SparseVector'] | null {
  const terms = queryTermIds(text);
  return terms.length === 0 ? null : sparse(new Map(terms.map((term) => [term, 1])));
}

const sparse = (weights: Map<number, number>): Schemas['SparseVector'] => ({
  indices: [...weights.keys()],
  values: [...weights.values()],
});

/** Name, value and type in one text, so that one index serves whatever names metadata have. */
export const facet = ([name, value]: [string, MetadataFilter[string]]): string =>
  JSON.stringify([name, value]);

/** A point without vectors says which revision of a document is published: one write changes it for every chunk. */
export const publicationPoint = (
  document_id: string,
  knowledge_base_id: string | null,
  revision: number,
): Schemas['PointStruct'] => ({
  id: publicationId(document_id),
  vector: {},
  payload: { document_id, knowledge_base_id, published_revision: revision },
});

/** A UUID (RFC 9562, version 8) by hash. */
export function publicationId(document_id: string): string {
  const bytes = createHash('sha256').update(`publication ${document_id}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [8, 12, 16, 20, 32].map((end, part) => hex.slice([0, 8, 12, 16, 20][part], end)).join('-');
}

const Publication = z.object({ document_id: z.string(), published_revision: z.int() });

/** Published revisions by document. */
export const publicationsOf = (records: { payload?: unknown }[]): Map<string, number> =>
  new Map(
    records.map(({ payload }) => {
      const { document_id, published_revision } = Publication.parse(payload);
      return [document_id, published_revision];
    }),
  );

const Chunk = z.object({
  knowledge_base_id: z.string(),
  document_id: z.string(),
  revision: z.int(),
  position: z.int(),
  title: z.string(),
  text: z.string(),
  source_url: z.string().nullable(),
});

export interface FoundChunk extends RetrievedChunk {
  revision: number;
}

export const foundChunk = ({ id, score, payload }: Schemas['ScoredPoint']): FoundChunk => ({
  ...Chunk.parse(payload),
  chunk_id: String(id),
  score,
});
