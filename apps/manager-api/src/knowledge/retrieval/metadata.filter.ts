import { ServiceError, type MetadataFilter } from '@roost/contracts';
import { z } from 'zod';

const ENTRIES_MAX = 20;

export const MetadataFilterSchema = z
  .record(z.string().min(1).max(64), z.union([z.string().max(256), z.number(), z.boolean()]))
  .refine((filter) => Object.keys(filter).length <= ENTRIES_MAX, {
    error: `may have ${ENTRIES_MAX} entries`,
  });

/** @throws {ServiceError} `validation_failed` */
export function metadataFilter(filter: unknown): MetadataFilter {
  const result = MetadataFilterSchema.safeParse(filter);
  if (result.success) return result.data;
  const message = `takes at most ${ENTRIES_MAX} entries of short texts, numbers and booleans`;
  throw new ServiceError('validation_failed', `filter: ${message}`, {
    errors: [{ field: 'filter', message }],
  });
}
