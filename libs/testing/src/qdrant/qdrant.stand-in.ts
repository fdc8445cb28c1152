import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QdrantPoints, WrongInput } from './qdrant.points';

type Json = Record<string, any>;

/** One request and its answer. */
export interface QdrantExchange {
  method: string;
  /** As in Qdrant's OpenAPI description: `/collections/{collection_name}/points/query`. */
  route: string;
  query: Record<string, string>;
  api_key: string | undefined;
  body: Json | undefined;
  status: number;
  answer: Json;
}

export interface QdrantStandInOptions {
  /** Refuses others, when set. */
  api_key?: string;
  /** Forgets what Qdrant before 1.16 does not know. */
  forgets_metadata?: boolean;
}

interface Answer {
  status: number;
  result: unknown;
}

/**
 * As much of Qdrant's REST API as the knowledge store uses, in memory, for tests: there is no Qdrant where they run.
 * Whoever uses it checks each exchange against Qdrant's own description, so that it cannot drift into a dialect.
 */
export class QdrantStandIn {
  readonly exchanges: QdrantExchange[] = [];
  /** Called before a request is carried out, with its method and route; for faults and races. */
  before: (method: string, route: string) => Promise<void> | void = () => undefined;
  private readonly collections = new Map<string, { points: QdrantPoints; indexes: Json }>();
  private failures: { status: number; times: number } = { status: 503, times: 0 };

  private constructor(
    private readonly server: Server,
    private readonly options: QdrantStandInOptions,
  ) {}

  static async start(options: QdrantStandInOptions = {}): Promise<QdrantStandIn> {
    const server = createServer();
    const standIn = new QdrantStandIn(server, options);
    server.on('request', (request, response) => void standIn.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  /** For QDRANT_URL. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Answers the next `times` requests with `status`. */
  fail(status: number, times: number): void {
    this.failures = { status, times };
  }

  /** Forgets a collection, as an operator who deletes it. */
  drop(collection: string): void {
    this.collections.delete(collection);
  }

  points(collection: string): Json[] {
    return this.collections.get(collection)?.points.all ?? [];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString('utf8');
    const body = text === '' ? undefined : (JSON.parse(text) as Json);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://qdrant');
    const name = decodeURIComponent(/^\/collections\/([^/]+)/.exec(pathname)?.[1] ?? '');
    const route = pathname.replace(/^\/collections\/[^/]+/, '/collections/{collection_name}');
    const method = request.method ?? 'GET';
    await this.before(method, route);
    const { status, result } = this.answer(request, `${method} ${route}`, name, body);
    const answer =
      status === 200
        ? { result, status: 'ok', time: 0.001 }
        : { status: { error: String(result) }, time: 0.001 };
    this.exchanges.push({
      method,
      route,
      query: Object.fromEntries(searchParams),
      api_key: request.headers['api-key'] as string | undefined,
      body,
      status,
      answer,
    });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  private answer(request: IncomingMessage, operation: string, name: string, body: Json = {}): Answer {
    const { api_key } = this.options;
    if (api_key !== undefined && request.headers['api-key'] !== api_key)
      return { status: 401, result: 'Must provide an API key' };
    if (this.failures.times > 0) {
      this.failures.times--;
      return { status: this.failures.status, result: 'As told' };
    }
    try {
      return this.carryOut(operation, name, body);
    } catch (error) {
      if (error instanceof WrongInput) return { status: 400, result: `Wrong input: ${error.message}` };
      return { status: 500, result: error };
    }
  }

  private carryOut(operation: string, name: string, body: Json): Answer {
    const ok = (result: unknown): Answer => ({ status: 200, result });
    const done = ok({ operation_id: 1, status: 'completed' });
    const found = this.collections.get(name);
    if (operation === 'GET /collections/{collection_name}/exists') return ok({ exists: Boolean(found) });
    if (operation === 'PUT /collections/{collection_name}') {
      if (found) return { status: 409, result: `Collection \`${name}\` already exists!` };
      this.collections.set(name, { points: new QdrantPoints(body), indexes: {} });
      return ok(true);
    }
    if (!found) return { status: 404, result: `Not found: Collection \`${name}\` doesn't exist!` };
    const { points, indexes } = found;
    switch (operation) {
      case 'GET /collections/{collection_name}':
        return ok(this.info(points, indexes));
      case 'PUT /collections/{collection_name}/index': {
        const { field_name, field_schema } = body as { field_name: string; field_schema: any };
        indexes[field_name] = { data_type: field_schema.type ?? field_schema, points: points.all.length };
        return done;
      }
      case 'PUT /collections/{collection_name}/points':
        points.upsert(body['points'] as Json[]);
        return done;
      case 'POST /collections/{collection_name}/points':
        return ok(points.retrieve(body['ids'] as string[]).map(({ id, payload }) => ({ id, payload })));
      case 'POST /collections/{collection_name}/points/payload':
        points.setPayload(body['payload'] as Json, body['filter'] as Json);
        return done;
      case 'POST /collections/{collection_name}/points/delete':
        points.delete(body['filter'] as Json);
        return done;
      case 'POST /collections/{collection_name}/points/scroll':
        return ok({
          points: points
            .matching(body['filter'] as Json)
            .slice(0, body['limit'] as number)
            .map(({ id, payload }) => ({ id, payload })),
          next_page_offset: null,
        });
      case 'POST /collections/{collection_name}/points/query':
        return ok({
          points: points
            .query(body)
            .map(({ point: { id, version, payload }, score }) => ({ id, version, score, payload })),
        });
      default:
        return { status: 404, result: `the stand-in knows no ${operation}` };
    }
  }

  private info({ config, all }: QdrantPoints, payload_schema: Json): Json {
    const { vectors, sparse_vectors, metadata } = config;
    return {
      status: 'green',
      optimizer_status: 'ok',
      points_count: all.length,
      segments_count: 1,
      config: {
        params: { vectors, sparse_vectors, shard_number: 1, replication_factor: 1, on_disk_payload: true },
        hnsw_config: { m: 16, ef_construct: 100, full_scan_threshold: 10_000 },
        optimizer_config: { default_segment_number: 0, flush_interval_sec: 5 },
        ...(this.options.forgets_metadata || !metadata ? {} : { metadata }),
      },
      payload_schema,
    };
  }
}
