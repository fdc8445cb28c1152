import { type PlaceholderSource, TOOL_PLACEHOLDER } from '@roost/contracts';
import { type Asker, ToolArgumentError, ToolUnavailableError } from './tool';

export type ToolArguments = Record<string, unknown>;

/** What stands for placeholders: the model sets `args` and nothing else. */
export interface TemplateValues {
  args: ToolArguments;
  asker: Asker;
  secrets: Readonly<Record<string, string>>;
}

interface Placeholder {
  source: PlaceholderSource;
  name: string;
}

const ONE_PLACEHOLDER = new RegExp(`^${TOOL_PLACEHOLDER.source}$`);
/** What a URL parser takes for "this folder" or "the one above". */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;
/** Anything else could end the header, or be read as something else by the server. */
const HEADER_TEXT = /^[\t\x20-\x7e]*$/;

/**
 * The URL with its placeholders filled. An argument stays within its place: it brings no separator, and cannot lead
 * out of its folder.
 * @throws {ToolArgumentError | ToolUnavailableError}
 */
export function fillUrl(template: string, query: Record<string, string>, values: TemplateValues): string {
  const filled = filledText(template, (placeholder) => {
    const value = valueOf(placeholder, values);
    if (!isGiven(value) || value === '') throw new ToolArgumentError(`${placeholder.name} is needed.`);
    return encoded(placeholder.name, asText(value));
  });
  checkPath(filled);
  const url = new URL(filled);
  for (const [name, text] of Object.entries(query)) {
    const only = onlyPlaceholder(text);
    if (only === null || isGiven(valueOf(only, values)))
      url.searchParams.append(name, fillText(text, values));
  }
  return url.href;
}

/** @throws {ToolArgumentError} for a path that leads out of its folder. */
export function checkPath(url: string): void {
  const [path = ''] = url.split('?');
  if (path.split('/').some((segment) => DOT_SEGMENT.test(segment)))
    throw new ToolArgumentError('An argument may not be . or .. here.');
}

/** The JSON body with its placeholders filled; null stays null. */
export function fillBody(template: object | null, values: TemplateValues): string | null {
  return template === null ? null : JSON.stringify(fillValue(template, values));
}

/**
 * Headers with what the model does not choose: `{user.…}` and `{secret.…}`. Other braces are text.
 * @throws {ToolUnavailableError} for what is not known, or could not stand in a header.
 */
export function fillHeaders(
  headers: Record<string, string>,
  values: Omit<TemplateValues, 'args'>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([header, template]) => [header, fillHeader(header, template, values)]),
  );
}

export const isHeaderText = (text: string): boolean => HEADER_TEXT.test(text);

function fillHeader(header: string, template: string, values: Omit<TemplateValues, 'args'>): string {
  const text = filledText(template, (placeholder, written) =>
    placeholder.source === 'argument' ? written : asText(valueOf(placeholder, { ...values, args: {} })),
  );
  if (!isHeaderText(text))
    throw new ToolUnavailableError(
      `What is to stand in the header ${header} has characters that no header may hold: use the query or the body.`,
    );
  return text;
}

function fillValue(template: unknown, values: TemplateValues): unknown {
  if (typeof template === 'string') {
    const only = onlyPlaceholder(template);
    return only === null ? fillText(template, values) : valueOf(only, values);
  }
  if (Array.isArray(template)) {
    return template.map((item) => fillValue(item, values)).filter((item) => item !== undefined);
  }
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [name, fillValue(value, values)]),
  );
}

const fillText = (template: string, values: TemplateValues): string =>
  filledText(template, (placeholder) => {
    const value = valueOf(placeholder, values);
    return isGiven(value) ? asText(value) : '';
  });

/** In one pass: what a value brings is never read as a template. */
const filledText = (template: string, fill: (placeholder: Placeholder, written: string) => string): string =>
  template.replace(TOOL_PLACEHOLDER, (written, source: 'user' | 'secret' | undefined, name: string) =>
    fill({ source: source ?? 'argument', name }, written),
  );

function onlyPlaceholder(text: string): Placeholder | null {
  const found = ONE_PLACEHOLDER.exec(text);
  return found
    ? { source: (found[1] as 'user' | 'secret' | undefined) ?? 'argument', name: found[2] ?? '' }
    : null;
}

function valueOf({ source, name }: Placeholder, { args, asker, secrets }: TemplateValues): unknown {
  switch (source) {
    case 'argument':
      return Object.hasOwn(args, name) ? args[name] : undefined;
    case 'user':
      return known(name, name === 'id' ? asker.user_id : own(asker.user_data, name));
    case 'secret': {
      const secret = own(secrets, name);
      if (secret === undefined)
        throw new ToolUnavailableError(
          `The secret ${name} is not set: let the operator of the agent set it.`,
        );
      return secret;
    }
  }
}

/** Left out, what is unknown of a user could widen a request from one user to all. */
function known(name: string, value: unknown): unknown {
  if (isGiven(value) && value !== '') return value;
  throw new ToolUnavailableError(
    `The user's ${name} is not known. Use request_authorization if the agent has it, or tell the user what is missing.`,
  );
}

const own = (values: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(values, name) ? values[name] : undefined;

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

export const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export function encoded(name: string, text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new ToolArgumentError(`${name} is not valid Unicode.`);
  }
}
