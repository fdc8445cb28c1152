import { Ajv, type ValidateFunction } from 'ajv';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../json';
import type { SentParams } from './request.body';

const FILE = 'telegram-bot-api.json';

const SCALARS: Record<string, Json> = {
  Integer: { type: 'integer' },
  Float: { type: 'number' },
  String: { type: 'string' },
  Boolean: { type: 'boolean' },
  // A file that was uploaded, or its id, its address or the name of its part.
  InputFile: { type: ['object', 'string'] },
};

/** It is large, and tests start many servers. */
let read: TelegramDescription | null = null;

/** The published description of the Bot API, from the folder that `SCHEMAS_DIR` names: the project does not hold it. */
export class TelegramDescription {
  private readonly ajv = new Ajv({ strict: false, allErrors: false, inlineRefs: false });
  private readonly validators = new Map<string, ValidateFunction>();

  private constructor(private readonly document: Json) {
    const types = document['types'] as Record<string, Json>;
    const definitions = Object.entries(types).map(([name, type]) => [name, schemaOf(type)]);
    this.ajv.addSchema({ definitions: Object.fromEntries(definitions) as object }, 'telegram');
  }

  /** Null where it is not to be had; `reason` says why. */
  static read(): { description: TelegramDescription | null; reason: string } {
    const folder = process.env['SCHEMAS_DIR'];
    if (!folder) return { description: null, reason: `SCHEMAS_DIR is not set: a folder with ${FILE}` };
    const file = join(folder, FILE);
    if (!existsSync(file)) return { description: null, reason: `SCHEMAS_DIR holds no ${FILE}` };
    read ??= new TelegramDescription(JSON.parse(readFileSync(file, 'utf8')) as Json);
    return { description: read, reason: '' };
  }

  /** What is wrong with the parameters of a request; empty when they are as described. */
  requestFaults(method: string, { values, textual }: SentParams): string[] {
    const described = this.document['methods'][method] as Json | undefined;
    if (!described) return [`${method}: no such method`];
    const fields = described['fields'] as Json[] | undefined;
    const read = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? meant(value, fieldOf(fields, name)?.['types'] ?? [], textual) : value,
    ]);
    return this.faults(method, objectOf(fields), Object.fromEntries(read));
  }

  /** What is wrong with the `result` of an answer. */
  answerFaults(method: string, result: unknown): string[] {
    const returns = this.document['methods'][method]?.returns as string[] | undefined;
    return returns ? this.faults(`${method} answers`, eitherOf(returns), result) : [];
  }

  /** What is wrong with an object of a named type. */
  typeFaults(type: string, value: unknown): string[] {
    return this.faults(type, eitherOf([type]), value);
  }

  private faults(what: string, schema: Json, value: unknown): string[] {
    const validate = this.validators.get(what) ?? this.ajv.compile(schema);
    this.validators.set(what, validate);
    if (validate(value)) return [];
    return [`${what}: ${this.ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 600)}`];
  }
}

/** Taken at its word: an object has no other fields, so that a misspelt one is a fault. */
function schemaOf(type: Json): Json {
  const subtypes = type['subtypes'] as string[] | undefined;
  return subtypes ? eitherOf(subtypes) : objectOf(type['fields'] as Json[] | undefined);
}

function objectOf(fields: Json[] = []): Json {
  return {
    type: 'object',
    properties: Object.fromEntries<Json>(
      fields.map((field) => [
        field['name'] as string,
        constant(field) ?? eitherOf(field['types'] as string[]),
      ]),
    ),
    required: fields.filter((field) => field['required']).map((field) => field['name'] as string),
    additionalProperties: false,
  };
}

/** The description says in words alone which of several types an object is. */
function constant(field: Json): Json | undefined {
  const [, always, must] =
    /(?:always "([a-z_]+)"|must be ([a-z_]+))$/.exec(field['description'] as string) ?? [];
  return always || must ? { const: always ?? must } : undefined;
}

function eitherOf(types: string[]): Json {
  const schemas = types.map((type): Json => {
    if (type.startsWith('Array of ')) return { type: 'array', items: eitherOf([type.slice(9)]) };
    return SCALARS[type] ?? { $ref: `telegram#/definitions/${type}` };
  });
  return schemas.length === 1 && schemas[0] ? schemas[0] : { anyOf: schemas };
}

const fieldOf = (fields: Json[] = [], name: string): Json | undefined =>
  fields.find((field) => field['name'] === name);

/** A form has no types, and an object may travel as its JSON everywhere. */
function meant(value: string, types: string[], textual: boolean): unknown {
  if (textual && types.includes('Integer') && /^-?\d+$/.test(value)) return Number(value);
  if (textual && types.includes('Boolean') && /^(true|false)$/i.test(value))
    return value.toLowerCase() === 'true';
  if (types.some((type) => type === 'String' || type === 'InputFile')) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
