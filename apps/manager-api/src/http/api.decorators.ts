import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { errorCatalogue, type ErrorCode } from '@roost/contracts';
import { ProblemDto } from '@roost/contracts/rest';

/** What any guarded route may answer besides its own problems. */
const always: ErrorCode[] = [
  'unauthorized',
  'forbidden',
  'too_many_requests',
  'internal_error',
  'dependency_unavailable',
];

/** Documents the problems of a route, by status. */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  const byStatus = groupByStatus([...new Set([...codes, ...always])]);
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...[...byStatus].map(([status, found]) =>
      ApiResponse({
        status,
        description: found.map((code) => `\`${code}\`: ${errorCatalogue[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
      }),
    ),
  );
}

function groupByStatus(codes: ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorCatalogue[code];
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return groups;
}

/** A POST that takes an `Idempotency-Key`. */
export const ApiIdempotent = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Makes a repeat harmless: the same key with the same request gets the first answer, for a day.',
      schema: { type: 'string', minLength: 1, maxLength: 255, example: '0b7c…' },
    }),
    ApiProblems('idempotency_key_reused', 'idempotency_in_progress'),
  );
