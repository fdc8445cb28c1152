import type { FieldError, McpTool } from '@roost/contracts';
import { headersProblem, problem } from './field.checks';

/** Part of the protocol, which the client speaks. */
const PROTOCOL_HEADERS = /^(?:accept|content-type|last-event-id|idempotency-key|mcp-.*)$/i;

export function mcpProblems({ headers }: McpTool): FieldError[] {
  const taken = Object.keys(headers).find((name) => PROTOCOL_HEADERS.test(name));
  return problem(
    'headers',
    headersProblem(headers) ?? (taken === undefined ? null : `${taken} is set by the service; leave it out`),
  );
}
