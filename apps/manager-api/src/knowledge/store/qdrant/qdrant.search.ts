import type { Schemas } from '@qdrant/js-client-rest';
import { candidatesFor, RRF_K } from '../fusion/reciprocal.rank';
import type { StoreQuery } from '../knowledge.store';
import { DENSE, SPARSE } from './qdrant.collection';
import { facet, queryVector } from './qdrant.points';

/** One revision of a document. */
export interface Revision {
  document_id: string;
  revision: number;
}

const equals = (key: string, value: string | number | boolean): Schemas['FieldCondition'] => ({
  key,
  match: { value },
});

export const ofRevision = ({ document_id, revision }: Revision): Schemas['Filter'] => ({
  must: [equals('document_id', document_id), equals('revision', revision)],
});

export const ofDocument = (document_id: string): Schemas['Filter'] => ({
  must: [equals('document_id', document_id)],
});

export const ofKnowledgeBase = (knowledge_base_id: string): Schemas['Filter'] => ({
  must: [equals('knowledge_base_id', knowledge_base_id)],
});

/** Chunks alone: a publication has no revision of its own. */
export const before = ({ document_id, revision }: Revision): Schemas['Filter'] => ({
  must: [equals('document_id', document_id), { key: 'revision', range: { lt: revision } }],
});

/** The request for a search that leaves out these revisions; null where nothing can be found. */
export function searchRequest(query: StoreQuery, left_out: Revision[]): Schemas['QueryRequest'] | null {
  const filter: Schemas['Filter'] = {
    must: [
      { key: 'knowledge_base_id', match: { any: [...new Set(query.knowledge_base_ids)] } },
      equals('published', true),
      ...Object.entries(query.filter).map((entry) => equals('facets', facet(entry))),
    ],
    ...(left_out.length === 0 ? {} : { must_not: left_out.map(ofRevision) }),
  };
  const words = queryVector(query.text);
  const common = { limit: query.limit, with_payload: true };
  switch (query.mode) {
    case 'keyword':
      return words && { query: words, using: SPARSE, filter, ...common };
    case 'dense':
      return { query: query.vector, using: DENSE, filter, ...common };
    case 'hybrid': {
      const limit = candidatesFor(query.limit);
      const prefetch: Schemas['Prefetch'][] = [{ query: query.vector, using: DENSE, filter, limit }];
      if (words) prefetch.push({ query: words, using: SPARSE, filter, limit });
      return { prefetch, query: { rrf: { k: RRF_K } }, ...common };
    }
  }
}
