import { ServiceError } from '@roost/contracts';
import type { Schemas } from '@qdrant/js-client-rest';
import type { VectorSpace } from '../knowledge.store';

export const DENSE = 'dense';
export const SPARSE = 'bm25';

/** What the collection is made of. Qdrant weighs the sparse vectors by how rare their terms are. */
export const collectionOf = ({ model, dimensions }: VectorSpace): Schemas['CreateCollection'] => ({
  vectors: { [DENSE]: { size: dimensions, distance: 'Cosine' } },
  sparse_vectors: { [SPARSE]: { modifier: 'idf' } },
  metadata: { embedding_model: model },
});

/** Fields that are searched by. */
export const payloadIndexes: Record<string, Schemas['PayloadFieldSchema']> = {
  knowledge_base_id: { type: 'keyword', is_tenant: true },
  document_id: 'keyword',
  revision: 'integer',
  published: 'bool',
  facets: 'keyword',
};

/** @throws {ServiceError} `dependency_unavailable` when it is none of ours, or Qdrant forgets metadata. */
export function spaceOf(collection: string, { config }: Schemas['CollectionInfo']): VectorSpace {
  const vectors = config.params.vectors as Record<string, { size?: unknown } | undefined> | undefined;
  const dimensions = vectors?.[DENSE]?.size;
  const model = config.metadata?.['embedding_model'];
  if (typeof dimensions === 'number' && typeof model === 'string') return { model, dimensions };
  throw new ServiceError(
    'dependency_unavailable',
    `Qdrant's collection ${collection} does not say which embedding model it is for: it was made by another program, ` +
      'or by a Qdrant before 1.16. Set QDRANT_COLLECTION to a new name, or update Qdrant.',
  );
}
