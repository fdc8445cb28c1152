import type { FieldError } from '@roost/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';

const SCHEMA_BYTES_MAX = 16 * 1024;
const HEADERS_MAX = 50;
/** Set by the client that sends the request. */
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
]);
const HEADER_NAME = /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** Compares with the meta-schema only: code is made of a schema in the agent's own runner alone. */
const metaSchema = new Ajv2020({ strict: false, validateFormats: false });

export function headersProblem(headers: Record<string, unknown>): string | null {
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) return `must be at most ${HEADERS_MAX}`;
  if (!isTexts(headers)) return 'must hold texts only';
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) return `${name} is not the name of a header`;
    if (RESERVED_HEADERS.has(name.toLowerCase())) return `${name} is set by the service; leave it out`;
    if (!HEADER_VALUE.test(value)) return `${name} must hold printable ASCII characters only`;
  }
  return null;
}

export function schemaProblem(schema: { type?: unknown }): string | null {
  const tooLarge = sizeProblem(schema, SCHEMA_BYTES_MAX);
  if (tooLarge !== null) return tooLarge;
  if (schema.type !== 'object') return 'must be a JSON Schema of type object';
  if (/"\$(?:ref|dynamicRef|id|schema)"\s*:/.test(JSON.stringify(schema)))
    return 'must not hold $ref, $dynamicRef, $id or $schema: write it out';
  if (metaSchema.validateSchema(schema) === true) return null;
  return `must be a JSON Schema: ${metaSchema.errorsText(metaSchema.errors, { dataVar: 'parameters' })}`;
}

export const sizeProblem = (value: unknown, bytes_max: number): string | null =>
  Buffer.byteLength(JSON.stringify(value)) > bytes_max
    ? `must have at most ${bytes_max} bytes as JSON`
    : null;

export const isTexts = (values: Record<string, unknown>): values is Record<string, string> =>
  Object.values(values).every((value) => typeof value === 'string');

export const problem = (field: string, message: string | null): FieldError[] =>
  message === null ? [] : [{ field, message }];
