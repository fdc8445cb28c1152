import {
  createMcpHandler,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

export interface McpRequestSeen {
  http_method: string;
  headers: IncomingMessage['headers'];
  /** Of the JSON-RPC message; empty where there is none. */
  method: string;
  params: Record<string, unknown>;
}

/** What a test's server offers: registered anew for each session, as servers do. */
export type McpOffer = (server: McpServer) => void;

/**
 * A real MCP server over streamable HTTP. `sessions` speaks the protocol's revisions of 2025, with sessions and
 * event streams; `modern` that of 2026, where each request stands alone.
 */
export class RemoteMcpServer {
  readonly seen: McpRequestSeen[] = [];
  /** Answers a request itself, in place of the protocol. */
  intercept: (seen: McpRequestSeen, response: ServerResponse) => boolean = () => false;
  private readonly sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  private readonly server: Server;

  private constructor(
    private readonly kind: 'sessions' | 'modern',
    public offer: McpOffer,
  ) {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(
    offer: McpOffer,
    kind: 'sessions' | 'modern' = 'sessions',
    port = 0,
  ): Promise<RemoteMcpServer> {
    const remote = new RemoteMcpServer(kind, offer);
    remote.server.listen(port, '127.0.0.1');
    await once(remote.server, 'listening');
    return remote;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}/mcp`;
  }

  /** The requests of one method, oldest first. */
  of(method: string): McpRequestSeen[] {
    return this.seen.filter((one) => one.method === method);
  }

  get openSessions(): number {
    return this.sessions.size;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { method = '', params = {} } = (body === '' ? {} : JSON.parse(body)) as Partial<McpRequestSeen>;
    const seen = { http_method: request.method ?? '', headers: request.headers, method, params };
    this.seen.push(seen);
    if (this.intercept(seen, response)) return;
    const answer = await this.answer(
      new Request(this.url, {
        method: seen.http_method,
        headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
          typeof value === 'string' ? [[name, value]] : [],
        ),
        ...(body === '' ? {} : { body }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!answer.body) response.end();
    else await pipeline(Readable.fromWeb(answer.body), response);
  }

  private async answer(request: Request): Promise<Response> {
    if (this.kind === 'modern')
      return createMcpHandler(() => this.made(), { legacy: 'reject' }).fetch(request);
    const known = this.sessions.get(request.headers.get('mcp-session-id') ?? '');
    if (known) return known.handleRequest(request);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.sessions.set(id, transport),
      onsessionclosed: (id) => void this.sessions.delete(id),
    });
    await this.made().connect(transport);
    return transport.handleRequest(request);
  }

  private made(): McpServer {
    const server = new McpServer({ name: 'test', version: '1' });
    this.offer(server);
    return server;
  }
}
