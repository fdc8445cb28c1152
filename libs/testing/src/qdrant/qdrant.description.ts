import { Ajv, type ValidateFunction } from 'ajv';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QdrantExchange } from './qdrant.stand-in';

type Json = Record<string, any>;

const FILE = 'qdrant-1.19-openapi.json';

/** Qdrant's own OpenAPI description, from the folder that `SCHEMAS_DIR` names: the project does not hold it. */
export class QdrantDescription {
  private readonly ajv = new Ajv({ strict: false, allErrors: false });
  private readonly validators = new Map<string, ValidateFunction>();

  private constructor(private readonly document: Json) {
    for (const [format, max] of [
      ['uint', Number.MAX_SAFE_INTEGER],
      ['uint8', 255],
      ['uint32', 2 ** 32 - 1],
      ['uint64', Number.MAX_SAFE_INTEGER],
    ] as const)
      this.ajv.addFormat(format, {
        type: 'number',
        validate: (value: number) => Number.isInteger(value) && value >= 0 && value <= max,
      });
    for (const format of ['int64', 'int32', 'float', 'double'])
      this.ajv.addFormat(format, { type: 'number', validate: Number.isFinite });
    for (const format of ['uuid', 'date-time']) this.ajv.addFormat(format, true);
    this.ajv.addSchema(exact(document) as object, 'qdrant');
  }

  /** Null where it is not to be had; `reason` says why. */
  static read(): { description: QdrantDescription | null; reason: string } {
    const folder = process.env['SCHEMAS_DIR'];
    if (!folder) return { description: null, reason: `SCHEMAS_DIR is not set: a folder with ${FILE}` };
    const file = join(folder, FILE);
    if (!existsSync(file)) return { description: null, reason: `SCHEMAS_DIR holds no ${FILE}` };
    const document = JSON.parse(readFileSync(file, 'utf8')) as Json;
    return { description: new QdrantDescription(document), reason: '' };
  }

  /** What is wrong with a request or its answer; empty when both are as described. */
  faults({ method, route, query, body, status, answer }: QdrantExchange): string[] {
    const place = ['paths', route, method.toLowerCase()];
    const operation = this.at(place);
    if (!operation) return [`${method} ${route} is not described`];
    const faults: string[] = [];
    const parameters: Json[] = operation['parameters'] ?? [];
    for (const name of Object.keys(query))
      if (!parameters.some((parameter) => parameter['in'] === 'query' && parameter['name'] === name))
        faults.push(`${method} ${route}: unknown parameter ${name}`);
    const content = ['content', 'application/json', 'schema'];
    if (body !== undefined) faults.push(...this.check([...place, 'requestBody', ...content], body));
    const responses = operation['responses'] as Json;
    const described = [String(status), `${String(status)[0] ?? ''}XX`, 'default'].find(
      (key) => responses[key],
    );
    if (!described) return [...faults, `${method} ${route}: ${status} is not described`];
    return [...faults, ...this.check([...place, 'responses', described, ...content], answer)];
  }

  private at(place: string[]): Json | undefined {
    return place.reduce((found: Json | undefined, key) => found?.[key], this.document);
  }

  private check(place: string[], value: unknown): string[] {
    const pointer = place
      .map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = this.validators.get(pointer) ?? this.ajv.compile({ $ref: `qdrant#/${pointer}` });
    this.validators.set(pointer, validate);
    if (validate(value)) return [];
    return [
      `${place.slice(0, 4).join(' ')}: ${this.ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 600)}`,
    ];
  }
}

/**
 * OpenAPI 3.0 as JSON Schema, taken at its word: `{nullable: true}` alone means null and not anything, and an object
 * with named properties has no others, so that a misspelt field is a fault.
 */
function exact(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(exact);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, example: _example, ...rest } = schema as Json;
  const keys = Object.keys(rest).filter((key) => key !== 'description' && key !== 'default');
  if (nullable === true && keys.length === 0) return { type: 'null' };
  const exacted: Json = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, exact(value)]));
  if (nullable === true) exacted['nullable'] = true;
  if (rest['type'] === 'object' && rest['properties'] && rest['additionalProperties'] === undefined)
    exacted['additionalProperties'] = false;
  return exacted;
}
