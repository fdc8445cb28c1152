import type { ToolBase } from './tool.base';

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** Whether a request with this method may be repeated by anybody without changing anything (RFC 9110, 9.2.1). */
export const isSafeMethod = (method: HttpMethod): boolean => method === 'GET' || method === 'HEAD';

/** One request that the model may make; complete and validated. */
export interface HttpRequestTool extends ToolBase {
  type: 'http_request';
  name: string;
  description: string;
  method: HttpMethod;
  /** A template; placeholders stand in path and query only, so that the model never chooses the host. */
  url: string;
  /** Templates of what the model does not choose: user and secrets. */
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
  /** JSONPath (RFC 9535) of what the model is shown of a JSON answer; null or absent: all of it. */
  answer_path?: string | null;
  /** The header that carries the idempotency key of unsafe methods. */
  idempotency_header: string;
}
