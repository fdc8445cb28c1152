import type { DocumentArgument, DocumentOperation } from '@roost/openapi-document';
import { asText, checkPath, encoded, isHeaderText, type ToolArguments } from '../template';
import { ToolArgumentError } from '../tool';

interface OperationRequest {
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

/**
 * The request that an operation is with these arguments. They stay within their places: none leads to another host
 * or out of its folder, or begins another header.
 * @throws {ToolArgumentError}
 */
export function operationRequest(
  { path, arguments: places }: DocumentOperation,
  server_url: string,
  args: ToolArguments,
): OperationRequest {
  const given = places.flatMap((place) => {
    const value = Object.hasOwn(args, place.argument) ? args[place.argument] : undefined;
    return value === undefined ? [] : [{ ...place, value }];
  });
  const body = given.find(({ place }) => place === 'body');
  return {
    url: urlOf(server_url, path, given),
    headers: Object.fromEntries(
      given.filter(({ place }) => place === 'header').map((one) => [one.name, headerText(one)]),
    ),
    body: body ? JSON.stringify(body.value) : null,
  };
}

type Given = DocumentArgument & { value: unknown };

function urlOf(server_url: string, path: string, given: Given[]): string {
  const filled = path.replace(/\{([^}]*)\}/g, (_placeholder, name: string) => {
    const found = given.find((one) => one.place === 'path' && one.name === name);
    const text = found ? simple(found, (part) => encoded(found.argument, part)) : '';
    if (text === '') throw new ToolArgumentError(`${found?.argument ?? name} is needed.`);
    return text;
  });
  checkPath(filled);
  const base = new URL(server_url);
  const url = new URL(`${base.origin}${base.pathname.replace(/\/$/, '')}${filled}`);
  // The document's path may come from elsewhere than the configuration.
  if (url.origin !== base.origin) throw new ToolArgumentError('The path leads to another host.');
  for (const one of given.filter(({ place }) => place === 'query'))
    for (const [name, text] of queryPairs(one)) url.searchParams.append(name, text);
  return url.href;
}

/** OpenAPI's `simple` style (RFC 6570): lists and objects with commas. */
function simple({ value, explode }: Given, encode: (part: string) => string): string {
  if (Array.isArray(value)) return value.map((item) => encode(asText(item))).join(',');
  if (!isObject(value)) return encode(asText(value));
  return Object.entries(value)
    .map(([name, item]) => [encode(name), encode(asText(item))].join(explode ? '=' : ','))
    .join(',');
}

/** The styles of query parameters, as pairs. */
function queryPairs({ name, value, style, explode }: Given): [name: string, text: string][] {
  if (Array.isArray(value)) {
    const texts = value.map(asText);
    if (explode) return texts.map((text) => [name, text]);
    return [[name, texts.join(style === 'spaceDelimited' ? ' ' : style === 'pipeDelimited' ? '|' : ',')]];
  }
  if (!isObject(value)) return [[name, asText(value)]];
  const entries = Object.entries(value).map(([key, item]): [string, string] => [key, asText(item)]);
  if (style === 'deepObject') return entries.map(([key, text]) => [`${name}[${key}]`, text]);
  return explode ? entries : [[name, entries.flat().join(',')]];
}

function headerText(given: Given): string {
  const text = simple(given, (part) => part);
  if (!isHeaderText(text))
    throw new ToolArgumentError(`${given.argument} has characters that no header may hold.`);
  return text;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
