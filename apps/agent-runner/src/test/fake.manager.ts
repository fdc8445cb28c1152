import {
  type AgentRuntimeConfiguration,
  type ExchangeRequest,
  type ExchangeResponse,
  type HandoffRequest,
  type HandoffResponse,
  internalPaths,
  type ListFacts,
  type PoolExchangeRequest,
  type PoolExchangeResponse,
  poolPaths,
  type PoolReadyRequest,
  type ReadyResponse,
  type RememberFact,
  type RetrievalRequest,
  type RetrievalResponse,
  type TokenUsage,
  type RetrievedChunk,
  type SpentToday,
  type UserFact,
  type UserFacts,
} from '@roost/contracts';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { CheckpointStore } from './checkpoint.store';

export interface ReceivedRequest {
  method: string;
  path: string;
  authorization: string | undefined;
}

type Found = RetrievedChunk[] | { status: number };

/** The manager's internal port as its contract says, for one agent, kept in memory. */
export class FakeManager {
  readonly requests: ReceivedRequest[] = [];
  readonly checkpoints = new CheckpointStore();
  readonly versions = new Map<number, AgentRuntimeConfiguration>();
  /** What the next exchange answers; null refuses it. */
  exchange: ((request: ExchangeRequest) => ExchangeResponse) | null = null;
  /** What a member of the warm pool gets for its code; null refuses it. */
  poolExchange: ((request: PoolExchangeRequest) => Promise<PoolExchangeResponse>) | null = null;
  /** Members of the warm pool that have said they are ready. */
  readonly waiting: PoolReadyRequest[] = [];
  /** What each search in the knowledge costs. */
  search_usage: TokenUsage[] = [];
  /** What other agents answer; null refuses it. */
  handoff: ((request: HandoffRequest) => HandoffResponse) | null = null;
  /** Tokens that were booked today. */
  spent = 0;
  /** What is known of users. */
  readonly facts = new Map<string, UserFact[]>();
  /** The token that is valid now. */
  token = 'token-1';
  /** What a search of the knowledge bases finds, or the status it is refused with. */
  knowledge: (request: RetrievalRequest) => Found | Promise<Found> = () => [];
  /** The searches, in the order in which they came. */
  readonly searches: RetrievalRequest[] = [];
  /** Answers the next requests with these statuses instead. */
  readonly failNext: number[] = [];
  /** Keeps requests waiting for as long as the promise it returns; for requests that are to be served, nothing. */
  hold: (path: string, body: string) => Promise<void> | undefined = () => undefined;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  get origin(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  requestsTo(path: string): ReceivedRequest[] {
    return this.requests.filter((request) => request.path.startsWith(path));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const body = await text(request);
    this.requests.push({ method, path: url, authorization: request.headers.authorization });
    await this.hold(url, body);
    const failure = this.failNext.shift();
    if (failure !== undefined) return reply(response, failure);
    const { pathname, searchParams } = new URL(url, this.origin);
    if (pathname === internalPaths.exchange) {
      return this.exchange
        ? reply(response, 200, this.exchange(JSON.parse(body) as ExchangeRequest))
        : reply(response, 401);
    }
    if (pathname === poolPaths.exchange) {
      return this.poolExchange
        ? reply(response, 200, await this.poolExchange(JSON.parse(body) as PoolExchangeRequest))
        : reply(response, 401);
    }
    if (pathname === poolPaths.ready) {
      this.waiting.push(JSON.parse(body) as PoolReadyRequest);
      return reply(response, 204);
    }
    if (request.headers.authorization !== `Bearer ${this.token}`) return reply(response, 401);
    if (pathname === internalPaths.ready)
      return reply(response, 200, { ready_at: Date.now(), clock: Date.now() } satisfies ReadyResponse);
    if (pathname === internalPaths.knowledgeSearch) {
      const search = JSON.parse(body) as RetrievalRequest;
      this.searches.push(search);
      const found = await this.knowledge(search);
      return Array.isArray(found)
        ? reply(response, 200, { results: found, usage: this.search_usage } satisfies RetrievalResponse)
        : reply(response, found.status);
    }
    if (pathname === internalPaths.handoffs)
      return this.handoff
        ? reply(response, 200, this.handoff(JSON.parse(body) as HandoffRequest))
        : reply(response, 403);
    if (pathname === internalPaths.budget)
      return reply(response, 200, { tokens: this.spent, resets_in_s: 3_600 } satisfies SpentToday);
    if (pathname === `${internalPaths.facts}/list`) {
      const { user_id } = JSON.parse(body) as ListFacts;
      return reply(response, 200, { facts: this.facts.get(user_id) ?? [] } satisfies UserFacts);
    }
    if (pathname === `${internalPaths.facts}/remember`) {
      const { user_id, text: fact } = JSON.parse(body) as RememberFact;
      const facts = this.facts.get(user_id) ?? [];
      const kept = { id: `fact_${facts.length + 1}`, text: fact };
      this.facts.set(user_id, [...facts, kept]);
      return reply(response, 200, kept);
    }
    if (pathname === internalPaths.handoffCancels) return reply(response, 204);
    if (pathname.startsWith(`${internalPaths.checkpoints}/`)) {
      const operation = pathname.slice(internalPaths.checkpoints.length + 1);
      const result = this.checkpoints.handle(
        operation as Parameters<CheckpointStore['handle']>[0],
        JSON.parse(body),
      );
      return reply(response, result === undefined ? 204 : 200, result);
    }
    const configuration = this.versions.get(Number(searchParams.get('version')));
    return configuration ? reply(response, 200, configuration) : reply(response, 404);
  }
}

function reply(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
