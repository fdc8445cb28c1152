import { type FieldError, type HttpRequestTool, placeholdersIn, TOOL_PLACEHOLDER } from '@roost/contracts';
import { jsonpath } from 'json-p3';
import { headersProblem, isTexts, problem, schemaProblem, sizeProblem } from './field.checks';

const BODY_BYTES_MAX = 16 * 1024;

export function httpRequestProblems(tool: HttpRequestTool): FieldError[] {
  const { url, headers, query, body, parameters, answer_path } = tool;
  return [
    ...problem('url', urlProblem(url)),
    ...problem('headers', headersProblem(headers)),
    ...problem('query', isTexts(query) ? null : 'must hold texts only'),
    ...problem('body', sizeProblem(body, BODY_BYTES_MAX)),
    ...problem('parameters', schemaProblem(parameters)),
    ...problem('answer_path', pathProblem(answer_path)),
    ...placeholderProblems(tool),
  ];
}

function urlProblem(template: string): string | null {
  const host = /^https?:\/\/([^/?#]+)/.exec(template)?.[1];
  if (host === undefined) return 'must begin with https:// or http:// and a host';
  if (/[{}@]/.test(host)) return 'must name its host: neither placeholders nor credentials may stand there';
  if (!URL.canParse(template.replace(TOOL_PLACEHOLDER, 'x'))) return 'must be a URL';
  return template.includes('#') ? 'must not have a fragment' : null;
}

/** Every placeholder is an argument that the model is told of, or of the user, or a secret. */
function placeholderProblems({ url, query, body, headers, parameters }: HttpRequestTool): FieldError[] {
  const { properties } = parameters as { properties?: unknown };
  const known = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const stranger = (template: unknown): string | null => {
    const unknown = argumentsIn(template).find(({ name }) => !known.includes(name));
    return unknown ? `${unknown.text} is not a property of parameters` : null;
  };
  const [inHeaders] = argumentsIn(headers);
  return [
    ...problem('url', stranger(url)),
    ...problem('query', stranger(query)),
    ...problem('body', stranger(body)),
    ...problem('headers', inHeaders ? `${inHeaders.text}: the model fills no headers` : null),
  ];
}

const argumentsIn = (template: unknown) =>
  placeholdersIn(template).filter(({ source }) => source === 'argument');

function pathProblem(path: string | null | undefined): string | null {
  if (path === null || path === undefined) return null;
  try {
    jsonpath.compile(path);
    return null;
  } catch (error) {
    return `must be a JSONPath (RFC 9535): ${error instanceof Error ? error.message : String(error)}`;
  }
}
