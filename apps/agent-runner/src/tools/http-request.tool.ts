import { type HttpRequestTool, isSafeMethod } from '@roost/contracts';
import {
  type GuardedHttpClient,
  GuardedHttpError,
  type GuardedRequest,
  type GuardedResponse,
} from '@roost/guarded-http';
import pRetry from 'p-retry';
import { fillBody, fillUrl, type ToolArguments } from './template';
import type { Tool, ToolAnswer, ToolCallOptions } from './tool';
import { definition, type ToolBuilder } from './tool.builder';

/** Milliseconds before a safe request is repeated, doubled for each further one. */
const BACKOFF_MS = 200;
const BUSY: readonly number[] = [429, 502, 503, 504];
const READABLE = /^(?:text\/|application\/(?:[\w.+-]*json|[\w.+-]*xml|x-www-form-urlencoded|javascript))/i;

/** A request to an address of the author's choice. */
export class HttpRequest implements Tool {
  constructor(
    private readonly tool: HttpRequestTool,
    private readonly http: GuardedHttpClient,
  ) {}

  async call(args: ToolArguments, { idempotency_key, signal }: ToolCallOptions): Promise<ToolAnswer> {
    const { tool } = this;
    const body = fillBody(tool.body, args);
    const request = {
      url: fillUrl(tool.url, tool.query, args),
      method: tool.method,
      headers: headersOf(tool, body !== null, idempotency_key),
      body,
      response_bytes_max: tool.response_bytes_max,
      signal,
    };
    try {
      return readable(await this.send(request));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GuardedHttpError) return { ok: false, content: error.message };
      throw error;
    }
  }

  /** Repeats what is safe to repeat, all within one deadline. */
  private async send(request: Omit<GuardedRequest, 'deadline_ms'>): Promise<GuardedResponse> {
    const ends_at = performance.now() + this.tool.timeout_s * 1_000;
    const retries = isSafeMethod(this.tool.method) ? this.tool.retries : 0;
    return pRetry(
      async (attempt) => {
        const deadline_ms = Math.max(1, Math.round(ends_at - performance.now()));
        const response = await this.http.request({ ...request, deadline_ms });
        if (BUSY.includes(response.status) && attempt <= retries) throw new BusyError();
        return response;
      },
      {
        retries,
        minTimeout: BACKOFF_MS,
        factor: 2,
        randomize: true,
        ...(request.signal ? { signal: request.signal } : {}),
        shouldRetry: ({ error }) =>
          (error instanceof BusyError ||
            (error instanceof GuardedHttpError && error.code === 'connection_failed')) &&
          performance.now() + BACKOFF_MS < ends_at,
      },
    );
  }
}

export const httpRequestTool: ToolBuilder<HttpRequestTool> = (tool, { http }) =>
  Promise.resolve([
    {
      definition: definition(tool.name, tool.description, tool.parameters),
      tool: new HttpRequest(tool, http),
    },
  ]);

class BusyError extends Error {
  constructor() {
    super('The server is busy');
  }
}

function headersOf(tool: HttpRequestTool, hasBody: boolean, key: string): Record<string, string> {
  const headers = new Headers({
    accept: 'application/json, text/*;q=0.9, */*;q=0.5',
    'user-agent': 'roost',
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
  });
  for (const [name, value] of Object.entries(tool.headers)) headers.set(name, value);
  if (!isSafeMethod(tool.method)) headers.set(tool.idempotency_header, key);
  return Object.fromEntries(headers);
}

function readable({ status, headers, body }: GuardedResponse): ToolAnswer {
  const ok = status >= 200 && status < 300;
  const type = headers['content-type'] ?? 'text/plain';
  const text = READABLE.test(type) ? body.toString() : `(${body.length} bytes of ${type})`;
  return { ok, content: ok && body.length > 0 ? text : `HTTP ${status}\n${text}`.trim() };
}
