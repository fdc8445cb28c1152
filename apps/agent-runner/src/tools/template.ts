import { TOOL_PLACEHOLDER } from '@roost/contracts';
import { ToolArgumentError } from './tool';

export type ToolArguments = Record<string, unknown>;

const ONE_PLACEHOLDER = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/;
/** What a URL parser takes for "this folder" or "the one above". */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

/**
 * The URL with its placeholders filled. An argument stays within its place: it brings no separator, and cannot lead
 * out of its folder.
 * @throws {ToolArgumentError}
 */
export function fillUrl(template: string, query: Record<string, string>, args: ToolArguments): string {
  const filled = template.replace(TOOL_PLACEHOLDER, (_placeholder, name: string) => {
    const value = args[name];
    if (value === undefined || value === null || value === '')
      throw new ToolArgumentError(`${name} is needed.`);
    return encoded(name, asText(value));
  });
  const [path = ''] = filled.split('?');
  if (path.split('/').some((segment) => DOT_SEGMENT.test(segment)))
    throw new ToolArgumentError('An argument may not be . or .. here.');
  const url = new URL(filled);
  for (const [name, text] of Object.entries(query)) {
    const only = ONE_PLACEHOLDER.exec(text)?.[1];
    if (only === undefined || isGiven(args[only])) url.searchParams.append(name, fillText(text, args));
  }
  return url.href;
}

/** The JSON body with its placeholders filled; null stays null. */
export function fillBody(template: object | null, args: ToolArguments): string | null {
  return template === null ? null : JSON.stringify(fillValue(template, args));
}

function fillValue(template: unknown, args: ToolArguments): unknown {
  if (typeof template === 'string') {
    const only = ONE_PLACEHOLDER.exec(template)?.[1];
    return only === undefined ? fillText(template, args) : args[only];
  }
  if (Array.isArray(template)) {
    return template.map((item) => fillValue(item, args)).filter((item) => item !== undefined);
  }
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fillValue(value, args)]));
}

const fillText = (template: string, args: ToolArguments): string =>
  template.replace(TOOL_PLACEHOLDER, (_placeholder, name: string) =>
    isGiven(args[name]) ? asText(args[name]) : '',
  );

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function encoded(name: string, text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new ToolArgumentError(`${name} is not valid Unicode.`);
  }
}
