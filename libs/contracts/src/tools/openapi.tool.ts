import type { ToolBase } from './tool.base';

/** Operations of an API, each a tool of its own, described by an OpenAPI 3 document; complete and validated. */
export interface OpenapiTool extends ToolBase {
  type: 'openapi';
  /** What the names of its tools begin with; see {@link operationToolName}. */
  name: string;
  /** Said before the description of each operation. */
  description: string;
  /** The document itself; null when it is at `url`. */
  document: object | null;
  /** Where the document is, JSON or YAML; null when it is inline. */
  url: string | null;
  /** The `operationId`s the agent may use. */
  operations: string[];
  /** Where requests go; null: the document's first server. */
  server_url: string | null;
  /** Templates of what the model does not choose: user and secrets. */
  headers: Record<string, string>;
  timeout_s: number;
  /** Further attempts of safe methods. */
  retries: number;
  response_bytes_max: number;
  /** The header that carries the idempotency key of unsafe methods. */
  idempotency_header: string;
}

const NAME_MAX = 64;

/** What the model calls an operation: `<name>_<operationId>`, as far as models take that. */
export const operationToolName = (name: string, operation_id: string): string =>
  `${name}_${operation_id.replace(/[^A-Za-z0-9_-]/g, '_')}`.slice(0, NAME_MAX);
