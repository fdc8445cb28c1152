import type { Tool as ListedTool } from '@modelcontextprotocol/client';
import type { McpTool } from '@roost/contracts';
import { fillHeaders } from '../template';
import { type Asker, type Tool, ToolUnavailableError } from '../tool';
import type { BuiltTool, ToolBuilder } from '../tool.builder';
import type { McpServer } from './mcp.server';

/** Milliseconds after which a server is asked again what it offers. */
const LIST_AGE_MAX_MS = 5 * 60_000;
const NAMES_SHOWN = 20;

const NOBODY: Asker = { thread_id: '', message_id: null, channel: '', user_id: null, user_data: {} };

/** The allowed tools of a remote server. The protocol's library is loaded with the first of them. */
export const mcpTools: ToolBuilder<McpTool> = async (configured, { http, runtime }) => {
  const [{ McpServer }, { definitionOf }, { answerOf, reasonOf }] = await Promise.all([
    import('./mcp.server'),
    import('./mcp.definition'),
    import('./mcp.answer'),
  ]);
  // The same for everybody: connections are made for listing, too, when nobody asks.
  const headers = fillHeaders(configured.headers, { asker: NOBODY, secrets: runtime.secrets ?? {} });
  const server = new McpServer({ ...configured, headers }, http);
  const listed = await server.list().catch((error: unknown) => {
    throw new ToolUnavailableError(reasonOf(error), { cause: error });
  });
  const listed_at = performance.now();
  const isStale = (): boolean => server.hasChanged || performance.now() - listed_at > LIST_AGE_MAX_MS;
  return allowed(configured, listed).flatMap((one): BuiltTool[] => {
    const definition = definitionOf(configured, one);
    return definition ? [{ definition, tool: remote(server, one, answerOf, reasonOf), isStale }] : [];
  });
};

/** @throws {ToolUnavailableError} when there is none of them. */
function allowed({ allowed_tools }: McpTool, listed: ListedTool[] | null): ListedTool[] {
  const found = (listed ?? []).filter(({ name }) => allowed_tools.includes(name));
  if (found.length > 0) return found;
  const names = (listed ?? []).slice(0, NAMES_SHOWN).map(({ name }) => name.slice(0, 64));
  throw new ToolUnavailableError(
    `The server offers none of ${allowed_tools.join(', ')}; it offers ${names.join(', ') || 'no tools'}.`,
  );
}

const remote = (
  server: McpServer,
  listed: ListedTool,
  answerOf: typeof import('./mcp.answer').answerOf,
  reasonOf: typeof import('./mcp.answer').reasonOf,
): Tool => ({
  schema_is_remote: true,
  call: async (args, { idempotency_key, signal }) => {
    try {
      return answerOf(await server.call(listed, args, idempotency_key, signal));
    } catch (error) {
      signal.throwIfAborted();
      return { ok: false, content: reasonOf(error) };
    }
  },
});
