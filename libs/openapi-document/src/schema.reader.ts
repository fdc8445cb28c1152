import { isObject, type JsonObject, type References } from './references';

/** Keywords of JSON Schema that hold a schema, a list of them, or a map. */
const SCHEMA = ['additionalProperties', 'items', 'contains', 'not', 'if', 'then', 'else', 'propertyNames'];
const SCHEMAS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const SCHEMA_MAP = ['properties', 'patternProperties', 'dependentSchemas'];
/** Those that are taken over as they are. Whatever is in none of these lists means nothing to models. */
const PLAIN = [
  ...['type', 'enum', 'const', 'default', 'title', 'description', 'format', 'required', 'dependentRequired'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'uniqueItems', 'minContains', 'maxContains', 'minProperties', 'maxProperties'],
];

/**
 * Schemas of OpenAPI 3.0 and 3.1 as JSON Schema (2020-12) without references: those are written out, and cut off
 * where a schema stands within itself. What a server only answers (`readOnly`) is left out.
 */
export class SchemaReader {
  constructor(private readonly references: References) {}

  /** @throws {DocumentError} */
  read(schema: unknown, above: readonly unknown[] = []): unknown {
    this.references.visit();
    if (typeof schema === 'boolean') return schema;
    const found = this.references.resolve(schema);
    // Anything may stand where a schema would repeat itself without end.
    if (!isObject(found) || above.includes(found)) return {};
    const read = this.readObject(found, [...above, found]);
    const beside = found === schema || !isObject(schema) ? null : schema['description'];
    return typeof beside === 'string' ? { ...read, description: beside } : read;
  }

  private readObject(schema: JsonObject, above: readonly unknown[]): JsonObject {
    const result: JsonObject = {};
    for (const [keyword, value] of Object.entries(schema)) {
      if (PLAIN.includes(keyword)) result[keyword] = value;
      else if (SCHEMA.includes(keyword)) result[keyword] = this.read(value, above);
      else if (SCHEMAS.includes(keyword) && Array.isArray(value))
        result[keyword] = value.map((item) => this.read(item, above));
      else if (SCHEMA_MAP.includes(keyword) && isObject(value)) result[keyword] = this.readMap(value, above);
      else if (keyword === 'pattern' && isPattern(value)) result[keyword] = value;
    }
    return nullable(schema, exclusive(withoutReadOnly(result)));
  }

  private readMap(schemas: JsonObject, above: readonly unknown[]): JsonObject {
    return Object.fromEntries(
      Object.entries(schemas)
        .filter(([, schema]) => !this.isReadOnly(schema))
        .map(([name, schema]) => [name, this.read(schema, above)]),
    );
  }

  private isReadOnly(schema: unknown): boolean {
    const found = this.references.resolve(schema);
    return isObject(found) && found['readOnly'] === true;
  }
}

/** `required` may name what a request does not hold. */
function withoutReadOnly(schema: JsonObject): JsonObject {
  const { properties, required } = schema;
  if (!isObject(properties) || !Array.isArray(required)) return schema;
  return { ...schema, required: required.filter((name) => Object.hasOwn(properties, String(name))) };
}

/** OpenAPI 3.0 says "or null" with a keyword of its own. */
function nullable(original: JsonObject, schema: JsonObject): JsonObject {
  if (original['nullable'] !== true) return schema;
  const { type, enum: values } = schema;
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...(values as unknown[]), null] } : {}),
  };
}

/** OpenAPI 3.0 says with true that a bound itself is left out. */
function exclusive(schema: JsonObject): JsonObject {
  const result = { ...schema };
  for (const [keyword, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof result[keyword] !== 'boolean') continue;
    const isLeftOut = result[keyword];
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- one of two names
    delete result[keyword];
    if (!isLeftOut || typeof result[bound] !== 'number') continue;
    result[keyword] = result[bound];
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- one of two names
    delete result[bound];
  }
  return result;
}

/** Other regular expressions than JavaScript's are no use to the check of arguments. */
function isPattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
