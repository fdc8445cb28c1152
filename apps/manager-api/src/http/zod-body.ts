import { ServiceError } from '@roost/contracts';
import type { z } from 'zod';

/** Reads a body of the internal port. @throws {ServiceError} `validation_failed` */
export function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  throw new ServiceError(
    'validation_failed',
    errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
    { errors },
  );
}
