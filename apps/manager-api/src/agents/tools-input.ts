import {
  type AgentTool,
  type FieldError,
  type HttpRequestTool,
  ServiceError,
  TOOL_PLACEHOLDER,
} from '@roost/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';

const SCHEMA_BYTES_MAX = 16 * 1024;
const BODY_BYTES_MAX = 16 * 1024;
const HEADERS_MAX = 50;
/** Set by the client that sends the request. */
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
]);
const HEADER_NAME = /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** Compares with the meta-schema only: code is made of a schema in the agent's own runner alone. */
const metaSchema = new Ajv2020({ strict: false, validateFormats: false });

/**
 * What the declarations of a tool cannot say by themselves: templates, headers and the schema of its arguments.
 * @throws {ServiceError} `validation_failed`
 */
export function checkTools(tools: AgentTool[]): void {
  const errors = tools.flatMap((tool, index) =>
    problemsOf(tool).map(({ field, message }) => ({ field: `tools.${index}.${field}`, message })),
  );
  const [first] = errors;
  if (first) throw new ServiceError('validation_failed', `${first.field}: ${first.message}`, { errors });
}

/** What is asked of each type beyond its declaration. */
const checks: { [Type in AgentTool['type']]: (tool: Extract<AgentTool, { type: Type }>) => FieldError[] } = {
  http_request: httpRequestProblems,
  // Whether the knowledge bases exist is seen when they are searched: they may be made, or go, at any time.
  knowledge_base: () => [],
};

const problemsOf = (tool: AgentTool): FieldError[] =>
  // Which check belongs to which tool is said by the table's type.
  (checks[tool.type] as (tool: AgentTool) => FieldError[])(tool);

function httpRequestProblems(tool: HttpRequestTool): FieldError[] {
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

function headersProblem(headers: Record<string, unknown>): string | null {
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) return `must be at most ${HEADERS_MAX}`;
  if (!isTexts(headers)) return 'must hold texts only';
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) return `${name} is not the name of a header`;
    if (RESERVED_HEADERS.has(name.toLowerCase())) return `${name} is set by the service; leave it out`;
    if (!HEADER_VALUE.test(value)) return `${name} must hold printable ASCII characters only`;
  }
  return null;
}

function schemaProblem(schema: { type?: unknown }): string | null {
  const tooLarge = sizeProblem(schema, SCHEMA_BYTES_MAX);
  if (tooLarge !== null) return tooLarge;
  if (schema.type !== 'object') return 'must be a JSON Schema of type object';
  if (/"\$(?:ref|dynamicRef|id|schema)"\s*:/.test(JSON.stringify(schema)))
    return 'must not hold $ref, $dynamicRef, $id or $schema: write it out';
  if (metaSchema.validateSchema(schema) === true) return null;
  return `must be a JSON Schema: ${metaSchema.errorsText(metaSchema.errors, { dataVar: 'parameters' })}`;
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

const sizeProblem = (value: unknown, bytes_max: number): string | null =>
  Buffer.byteLength(JSON.stringify(value)) > bytes_max
    ? `must have at most ${bytes_max} bytes as JSON`
    : null;

const isTexts = (values: Record<string, unknown>): values is Record<string, string> =>
  Object.values(values).every((value) => typeof value === 'string');

const problem = (field: string, message: string | null): FieldError[] =>
  message === null ? [] : [{ field, message }];
