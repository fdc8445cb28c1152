export const toolTypes = ['http_request'] as const;
export type ToolType = (typeof toolTypes)[number];

/** What models take as the name of a tool. */
export const TOOL_NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** Whether a request with this method may be repeated by anybody without changing anything (RFC 9110, 9.2.1). */
export const isSafeMethod = (method: HttpMethod): boolean => method === 'GET' || method === 'HEAD';

/** `{order_id}` in a template stands for the argument of that name. */
export const TOOL_PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** What every type of tool has. */
export interface ToolBase {
  /** A call waits until somebody allows it. Versions of an earlier release do not say: it does not. */
  requires_approval?: boolean;
}

/** One request that the model may make; complete and validated. */
export interface HttpRequestTool extends ToolBase {
  type: 'http_request';
  name: string;
  description: string;
  method: HttpMethod;
  /** A template; placeholders stand in path and query only, so that the model never chooses the host. */
  url: string;
  headers: Record<string, string>;
  /** Templates; an entry whose only placeholder has no argument is left out. */
  query: Record<string, string>;
  /** A template of JSON; null sends none. */
  body: object | null;
  /** JSON Schema (2020-12) of the arguments, shown to the model and enforced. */
  parameters: object;
  timeout_s: number;
  /** Further attempts of safe methods. */
  retries: number;
  response_bytes_max: number;
  /** The header that carries the idempotency key of unsafe methods. */
  idempotency_header: string;
}

/** What an agent may do besides talking; told apart by `type`. */
export type AgentTool = HttpRequestTool;
