import type { ApiRequest } from '@roost/testing';

export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  enum?: unknown[];
  nullable?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  example?: unknown;
  default?: unknown;
}

interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  operationId: string;
  security?: Record<string, unknown>[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** One route of the API, as its description has it. */
export interface Route {
  method: string;
  /** With `{parameters}`. */
  template: string;
  /** The kinds of credentials it takes; none when it is public. */
  credentials: string[];
  query: string[];
  body: Schema | null;
}

export function routesOf(document: OpenApi): Route[] {
  return Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      credentials: (operation.security ?? []).flatMap((kind) => Object.keys(kind)),
      query: (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name),
      body: bodyOf(document, operation),
    })),
  );
}

/** A request that fits the route's description; `ids` fill the path. */
export function requestTo(route: Route, ids: Record<string, string>): ApiRequest {
  const path = route.template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => ids[name] ?? '1');
  return { method: route.method, path, ...(route.body ? { body: validBody(route.body) } : {}) };
}

/** What is required, filled from the examples. */
export const validBody = (schema: Schema): Record<string, unknown> =>
  Object.fromEntries((schema.required ?? []).map((name) => [name, schema.properties?.[name]?.example]));

/** Bodies that differ from a valid one in one property, which has another type than described. */
export function wrongTypes(
  schema: Schema,
): { property: string; value: unknown; body: Record<string, unknown> }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([property, described]) =>
    valuesOfOtherTypes(described).map((value) => ({
      property,
      value,
      body: { ...validBody(schema), [property]: value },
    })),
  );
}

const samples = ['a text', 1.5, true, { length: 1 }, ['a list'], null];

const valuesOfOtherTypes = ({ type, enum: values, nullable }: Schema): unknown[] =>
  samples.filter((value) => {
    if (value === null) return !nullable;
    if (Array.isArray(value)) return type !== 'array' || values === undefined;
    return typeof value !== type || values !== undefined;
  });

function bodyOf(document: OpenApi, operation: Operation): Schema | null {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema ? resolve(document, schema) : null;
}

function resolve(document: OpenApi, schema: Schema): Schema {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (!ref) return schema;
  const { example, nullable } = schema;
  const found = resolve(document, document.components.schemas[ref.split('/').at(-1) ?? ''] ?? {});
  const properties = Object.fromEntries(
    Object.entries(found.properties ?? {}).map(([name, property]) => [name, resolve(document, property)]),
  );
  return {
    ...found,
    properties,
    ...(example === undefined ? {} : { example }),
    ...(nullable === undefined ? {} : { nullable }),
  };
}
