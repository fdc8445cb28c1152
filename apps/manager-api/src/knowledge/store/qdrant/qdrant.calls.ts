import { ServiceError } from '@roost/contracts';
import { QdrantClient } from '@qdrant/js-client-rest';
import pRetry from 'p-retry';
import pTimeout from 'p-timeout';

export interface QdrantEndpoint {
  url: string;
  api_key: string | null;
  collection: string;
}

export interface QdrantLimits {
  /** Milliseconds of one attempt. */
  attempt_ms: number;
  retries: number;
  /** Milliseconds before the first retry; doubled for each further one, with jitter. */
  backoff_ms: number;
}

export const QDRANT_LIMITS: QdrantLimits = { attempt_ms: 10_000, retries: 3, backoff_ms: 200 };

/** Calls Qdrant with a deadline, and again when it is away or overloaded: everything asked of it may be repeated. */
export class QdrantCalls {
  private readonly client: QdrantClient;

  constructor(
    private readonly endpoint: QdrantEndpoint,
    private readonly limits: QdrantLimits = QDRANT_LIMITS,
  ) {
    const { origin, pathname } = new URL(endpoint.url);
    const port = /^https?:\/\/[^/]*:(\d+)/.exec(endpoint.url)?.[1];
    this.client = new QdrantClient({
      url: origin,
      prefix: pathname.replace(/\/+$/, ''),
      ...(port === undefined ? {} : { port: Number(port) }),
      timeout: limits.attempt_ms,
      // It would write to the console.
      checkCompatibility: false,
      // As a header of ours it does not warn of http, which is what a private network has.
      headers: endpoint.api_key === null ? {} : { 'api-key': endpoint.api_key },
    });
  }

  /** @throws {ServiceError} `dependency_unavailable`; what Qdrant refuses is thrown as it is. */
  async call<Result>(signal: AbortSignal, work: (client: QdrantClient) => Promise<Result>): Promise<Result> {
    const { attempt_ms, retries, backoff_ms } = this.limits;
    try {
      return await pRetry(
        () => pTimeout(work(this.client), { milliseconds: attempt_ms, signal }).catch(orAsError),
        {
          retries,
          minTimeout: backoff_ms,
          maxTimeout: 5_000,
          factor: 2,
          randomize: true,
          signal,
          shouldRetry: ({ error }) => mayPass(error),
        },
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error) || !mayPass(error)) throw error;
      throw new ServiceError(
        'dependency_unavailable',
        `Qdrant at ${new URL(this.endpoint.url).host} does not answer (${error.message}). Check QDRANT_URL and that it runs.`,
      );
    }
  }

  async ping(): Promise<void> {
    await this.client.collectionExists(this.endpoint.collection);
  }
}

/** The client throws errors that p-retry takes for mistakes of ours; and connections fail with a bare TypeError. */
function orAsError(error: unknown): never {
  if (error instanceof TypeError) throw new ConnectionError(error);
  throw error;
}

class ConnectionError extends Error {
  constructor(error: TypeError) {
    super(error.cause instanceof Error ? error.cause.message || error.cause.name : error.message);
  }
}

/** Absent where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : undefined;
}

function mayPass(error: Error): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status === 408 || status === 429 || status >= 500;
  return (
    error instanceof ConnectionError ||
    ['TimeoutError', 'QdrantClientTimeoutError', 'QdrantClientResourceExhaustedError'].includes(error.name)
  );
}
