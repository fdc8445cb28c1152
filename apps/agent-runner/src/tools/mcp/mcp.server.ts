import {
  type CallToolResult,
  Client,
  type PriorDiscovery,
  type RequestOptions,
  type Tool as ListedTool,
} from '@modelcontextprotocol/client';
import type { McpTool } from '@roost/contracts';
import { type GuardedHttpClient, GuardedHttpError } from '@roost/guarded-http';
import { anySignal } from 'any-signal';
import type { ToolArguments } from '../template';
import { CallTransport } from './mcp.transport';

/** Milliseconds that listing may take at most: a run waits for it. */
const LIST_MS_MAX = 10_000;
const LIST_BYTES_MAX = 2 * 1_024 * 1_024;
const LIST_PAGES_MAX = 10;
/** Milliseconds by which the library's own timer comes later, so that ours names the remedy. */
const AFTER_OURS_MS = 1_000;

interface Limits {
  deadline_ms: number;
  response_bytes_max: number;
}

/**
 * A remote MCP server over streamable HTTP. Each call has a connection, and so a session, of its own: what a server
 * remembers of one user's session never meets another user.
 */
export class McpServer {
  /** Told by the server since the tools were listed last. */
  hasChanged = false;
  private prior: PriorDiscovery | undefined;

  constructor(
    private readonly tool: McpTool,
    private readonly http: GuardedHttpClient,
  ) {}

  /** All tools it offers; null when it offers none at all. */
  async list(): Promise<ListedTool[] | null> {
    this.prior = undefined;
    this.hasChanged = false;
    const deadline_ms = Math.min(LIST_MS_MAX, this.tool.timeout_s * 1_000);
    const limits = { deadline_ms, response_bytes_max: LIST_BYTES_MAX };
    return this.connected(limits, new AbortController().signal, async (client, options) =>
      client.getServerCapabilities()?.tools ? (await client.listTools(undefined, options)).tools : null,
    );
  }

  /** @throws {GuardedHttpError}, an error of the protocol, or the reason of `signal`. */
  call(
    { outputSchema: _notHeldTo, ...listed }: ListedTool,
    args: ToolArguments,
    idempotency_key: string,
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    const { timeout_s, response_bytes_max } = this.tool;
    const limits = { deadline_ms: timeout_s * 1_000, response_bytes_max };
    return this.connected(limits, signal, (client, options) =>
      client.callTool(
        { name: listed.name, arguments: args, _meta: { 'roost/idempotency-key': idempotency_key } },
        {
          ...options,
          headers: { 'Idempotency-Key': idempotency_key },
          toolDefinition: listed,
        },
      ),
    );
  }

  private async connected<Result>(
    { deadline_ms, response_bytes_max }: Limits,
    signal: AbortSignal,
    work: (client: Client, options: RequestOptions) => Promise<Result>,
  ): Promise<Result> {
    // The library waits on when a stream breaks; this ends the wait with what was wrong.
    const broken = new AbortController();
    const stop = anySignal([signal, broken.signal]);
    const fetch = this.http.fetchWithin({
      deadline_ms,
      response_bytes_max,
      onFailure: (failure) => broken.abort(failure),
    });
    const transport = new CallTransport(this.tool.url, this.tool.headers, fetch, () =>
      broken.abort(brokenOff()),
    );
    const client = this.client();
    const options: RequestOptions = { signal: stop, timeout: deadline_ms + AFTER_OURS_MS };
    try {
      await client.connect(transport, this.prior ? { ...options, prior: this.prior } : options);
      this.prior ??= negotiated(client);
      return await work(client, options);
    } catch (error) {
      signal.throwIfAborted();
      throw broken.signal.aborted ? (broken.signal.reason as Error) : error;
    } finally {
      stop.clear();
      // Nobody waits for the farewell; it has the same deadline.
      transport
        .terminateSession()
        .catch(() => undefined)
        .finally(() => client.close().catch(() => undefined))
        .catch(() => undefined);
    }
  }

  /** Offers the server nothing: neither sampling nor elicitation nor roots. */
  private client(): Client {
    const client = new Client(
      { name: 'roost', version: '1' },
      {
        capabilities: {},
        versionNegotiation: { mode: 'auto' },
        inputRequired: { autoFulfill: false },
        listMaxPages: LIST_PAGES_MAX,
      },
    );
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      this.hasChanged = true;
    });
    return client;
  }
}

/** What later connections need not ask for again. */
function negotiated(client: Client): PriorDiscovery {
  const discover = client.getProtocolEra() === 'modern' ? client.getDiscoverResult() : undefined;
  return discover ? { kind: 'modern', discover } : { kind: 'legacy' };
}

const brokenOff = (): GuardedHttpError =>
  new GuardedHttpError(
    'connection_failed',
    'The server ended its answer before it was complete: try again later.',
  );
