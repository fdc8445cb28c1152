import { type HttpMethod, httpMethods } from '@roost/contracts';
import { readArguments, type DocumentArgument } from './arguments';
import { DocumentError } from './document.error';
import { isObject, type JsonObject, References } from './references';
import { SchemaReader } from './schema.reader';

export type { ArgumentPlace, DocumentArgument } from './arguments';

/** One operation as a tool: what the model is told, and where each argument goes. */
export interface DocumentOperation {
  operation_id: string;
  method: HttpMethod;
  /** Begins with `/`; `{name}` stands for path parameters. */
  path: string;
  description: string;
  /** JSON Schema (2020-12) of the arguments. */
  parameters: object;
  arguments: DocumentArgument[];
}

interface Found {
  method: HttpMethod;
  path: string;
  item: JsonObject;
  operation: JsonObject;
}

const SCHEMA_BYTES_MAX = 32 * 1024;
const ALL_SCHEMAS_BYTES_MAX = 128 * 1024;
const DESCRIPTION_MAX = 2_000;

/**
 * Reads the operations with these ids of an OpenAPI 3.0 or 3.1 document, in that order. Only what they need is
 * looked at, within bounds; nothing outside the document is read.
 * @param hasOwnServer whether the configuration says where requests go, whatever the document says.
 * @throws {DocumentError}
 */
export function readOperations(
  document: unknown,
  ids: readonly string[],
  hasOwnServer: boolean,
): DocumentOperation[] {
  if (!isObject(document) || !/^3\.[01]\./.test(String(document['openapi'])))
    throw new DocumentError('the document is not of OpenAPI 3.0 or 3.1');
  const references = new References(document);
  const found = operationsOf(document, references);
  const operations = ids.map((id) => read(id, found, references, hasOwnServer));
  if (bytes(operations.map(({ parameters }) => parameters)) > ALL_SCHEMAS_BYTES_MAX)
    throw new DocumentError(
      `the schemas of all operations have more than ${ALL_SCHEMAS_BYTES_MAX} bytes: choose fewer operations`,
    );
  return operations;
}

function operationsOf(document: JsonObject, references: References): Map<string, Found[]> {
  const found = new Map<string, Found[]>();
  const paths = isObject(document['paths']) ? document['paths'] : {};
  for (const [path, value] of Object.entries(paths)) {
    const item = references.resolve(value);
    if (!isObject(item)) continue;
    for (const method of httpMethods) {
      const operation = item[method.toLowerCase()];
      if (!isObject(operation) || typeof operation['operationId'] !== 'string') continue;
      const id = operation['operationId'];
      found.set(id, [...(found.get(id) ?? []), { method, path, item, operation }]);
    }
  }
  return found;
}

function read(
  id: string,
  all: Map<string, Found[]>,
  references: References,
  hasOwnServer: boolean,
): DocumentOperation {
  const [found, another] = all.get(id) ?? [];
  if (!found) throw new DocumentError(`there is no operation ${id}; there are: ${namesOf(all)}`);
  if (another) throw new DocumentError(`there is more than one operation ${id}`);
  const { method, path, item, operation } = found;
  // Else what follows could become part of the host.
  if (!path.startsWith('/')) throw new DocumentError(`the path of ${id} does not begin with /`);
  if (!hasOwnServer && (item['servers'] !== undefined || operation['servers'] !== undefined))
    throw new DocumentError(`${id} has servers of its own: give server_url`);
  const { parameters, places } = readArguments(found, references, new SchemaReader(references), id);
  if (bytes(parameters) > SCHEMA_BYTES_MAX)
    throw new DocumentError(`the schema of ${id} has more than ${SCHEMA_BYTES_MAX} bytes`);
  return {
    operation_id: id,
    method,
    path,
    description: descriptionOf(operation, method, path),
    parameters,
    arguments: places,
  };
}

function descriptionOf(operation: JsonObject, method: string, path: string): string {
  const texts = [operation['summary'], operation['description']].filter(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  );
  return (texts.length > 0 ? [...new Set(texts)].join('\n') : `${method} ${path}`).slice(0, DESCRIPTION_MAX);
}

const namesOf = (all: Map<string, Found[]>): string => [...all.keys()].join(', ').slice(0, 500);

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
