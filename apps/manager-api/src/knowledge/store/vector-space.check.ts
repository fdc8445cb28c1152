import { ServiceError } from '@roost/contracts';
import type { VectorSpace } from './knowledge.store';

/** @throws {ServiceError} `embedding_mismatch`; `remedy` is what this store offers besides setting the model back. */
export function checkSpace(collection: string, held: VectorSpace, wanted: VectorSpace, remedy: string): void {
  if (held.model === wanted.model && held.dimensions === wanted.dimensions) return;
  throw new ServiceError(
    'embedding_mismatch',
    `The collection ${collection} holds vectors of ${described(held)}, and the embedding model in use is ` +
      `${described(wanted)}. Set EMBEDDING_MODEL and EMBEDDING_DIMENSIONS back, or ${remedy}.`,
  );
}

/** @throws {ServiceError} `embedding_mismatch` */
export function checkLength(collection: string, dimensions: number, vector: readonly number[]): void {
  if (vector.length === dimensions) return;
  throw new ServiceError(
    'embedding_mismatch',
    `The collection ${collection} holds vectors of ${dimensions} dimensions, this one has ${vector.length}. ` +
      'Set EMBEDDING_MODEL and EMBEDDING_DIMENSIONS to what the collection was made with.',
  );
}

const described = ({ model, dimensions }: VectorSpace): string => `${model} (${dimensions} dimensions)`;
