import { type FieldError, type HttpRequestTool, TOOL_PLACEHOLDER } from '@roost/contracts';
import { headersProblem, isTexts, problem, schemaProblem, sizeProblem } from './field.checks';

const BODY_BYTES_MAX = 16 * 1024;

export function httpRequestProblems(tool: HttpRequestTool): FieldError[] {
  const { url, headers, query, body, parameters } = tool;
  return [
    ...problem('url', urlProblem(url)),
    ...problem('headers', headersProblem(headers)),
    ...problem('query', isTexts(query) ? null : 'must hold texts only'),
    ...problem('body', sizeProblem(body, BODY_BYTES_MAX)),
    ...problem('parameters', schemaProblem(parameters)),
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

/** Every placeholder is an argument that the model is told of. */
function placeholderProblems({ url, query, body, parameters }: HttpRequestTool): FieldError[] {
  const { properties } = parameters as { properties?: unknown };
  const known = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const unknown = (template: unknown): string | null => {
    const names = JSON.stringify(template).matchAll(TOOL_PLACEHOLDER);
    const stranger = [...names].find(([, name = '']) => !known.includes(name));
    return stranger ? `${stranger[0]} is not a property of parameters` : null;
  };
  return [
    ...problem('url', unknown(url)),
    ...problem('query', unknown(query)),
    ...problem('body', unknown(body)),
  ];
}
