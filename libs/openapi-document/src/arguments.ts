import { DocumentError } from './document.error';
import { isObject, type JsonObject, type References } from './references';
import type { SchemaReader } from './schema.reader';

export type ArgumentPlace = 'path' | 'query' | 'header' | 'body';

/** Where an argument of a tool goes. */
export interface DocumentArgument {
  /** What the model calls it. */
  argument: string;
  /** What the document calls it. */
  name: string;
  place: ArgumentPlace;
  style: string;
  explode: boolean;
}

interface Parameter extends Omit<DocumentArgument, 'argument'> {
  required: boolean;
  schema: unknown;
}

/** What models take as the name of a property. */
const UNUSABLE = /[^A-Za-z0-9_.-]/g;
const ARGUMENT_MAX = 60;
const STYLES: Record<string, readonly string[]> = {
  path: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
};
/** Set by whoever sends the request, or by the configuration: never by the model. */
const NOT_THE_MODELS =
  /^(?:accept|authorization|content-.*|cookie2?|connection|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|forwarded|x-forwarded-.*|x-real-ip|origin|referer|user-agent)$/i;

/** Path, query, header and body as one object of arguments. @throws {DocumentError} */
export function readArguments(
  { path, item, operation }: { path: string; item: JsonObject; operation: JsonObject },
  references: References,
  schemas: SchemaReader,
  id: string,
): { parameters: object; places: DocumentArgument[] } {
  const declared = [
    ...parametersOf(item, references, schemas, id),
    ...parametersOf(operation, references, schemas, id),
  ];
  // The operation's own win over those of its path.
  const parameters = [...new Map(declared.map((one) => [`${one.place} ${one.name}`, one])).values()];
  for (const [, name] of path.matchAll(/\{([^}]*)\}/g)) {
    if (!parameters.some((one) => one.place === 'path' && one.name === name))
      throw new DocumentError(`the path of ${id} has {${name ?? ''}}, which no parameter describes`);
  }
  const body = bodyOf(operation, references, schemas, id);
  const all = body ? [...parameters, body] : parameters;
  const taken = new Set<string>();
  const named = all.map((one) => ({ ...one, argument: argumentName(one, all, taken) }));
  return {
    parameters: {
      type: 'object',
      properties: Object.fromEntries(named.map(({ argument, schema }) => [argument, schema])),
      required: named.filter(({ required }) => required).map(({ argument }) => argument),
      additionalProperties: false,
    },
    places: named.map(({ argument, name, place, style, explode }) => ({
      argument,
      name,
      place,
      style,
      explode,
    })),
  };
}

function parametersOf(
  holder: JsonObject,
  references: References,
  schemas: SchemaReader,
  id: string,
): Parameter[] {
  const list: unknown[] = Array.isArray(holder['parameters']) ? holder['parameters'] : [];
  return list.flatMap((entry) => {
    const found = references.resolve(entry);
    if (!isObject(found) || typeof found['name'] !== 'string') return [];
    const { name, in: place } = found;
    if (place === 'cookie' || (place === 'header' && NOT_THE_MODELS.test(name))) return [];
    if (place !== 'path' && place !== 'query' && place !== 'header') return [];
    const style = typeof found['style'] === 'string' ? found['style'] : place === 'query' ? 'form' : 'simple';
    if (!STYLES[place]?.includes(style))
      throw new DocumentError(`${id}: the style ${style} of ${name} is not known`);
    const explode = typeof found['explode'] === 'boolean' ? found['explode'] : style === 'form';
    const required = place === 'path' || found['required'] === true;
    return [{ name, place, style, explode, required, schema: described(found, schemas) }];
  });
}

function described(parameter: JsonObject, schemas: SchemaReader): unknown {
  const schema = schemas.read(parameter['schema'] ?? {});
  const { description } = parameter;
  return isObject(schema) && typeof description === 'string' ? { ...schema, description } : schema;
}

function bodyOf(
  operation: JsonObject,
  references: References,
  schemas: SchemaReader,
  id: string,
): Parameter | null {
  const body = references.resolve(operation['requestBody']);
  if (!isObject(body)) return null;
  const content = isObject(body['content']) ? body['content'] : {};
  const json = Object.entries(content).find(([type]) =>
    /^application\/(?:[\w.-]+\+)?json\b/i.test(type),
  )?.[1];
  const required = body['required'] === true;
  if (!isObject(json)) {
    if (required) throw new DocumentError(`${id} takes no JSON: ${Object.keys(content).join(', ')}`);
    return null;
  }
  const schema = schemas.read(json['schema'] ?? {});
  return { name: 'body', place: 'body', style: 'json', explode: false, required, schema };
}

/** Its own name, with its place where another has the same. */
function argumentName(one: Parameter, all: Parameter[], taken: Set<string>): string {
  const isShared = all.some((other) => other !== one && other.name === one.name);
  const plain = (isShared && one.place !== 'body' ? `${one.place}_${one.name}` : one.name)
    .replace(UNUSABLE, '_')
    .slice(0, ARGUMENT_MAX);
  let name = plain;
  for (let count = 2; taken.has(name); count += 1) name = `${plain}_${count}`;
  taken.add(name);
  return name;
}
