import { type HttpMethod, isSafeMethod } from '@roost/contracts';
import {
  type GuardedHttpClient,
  GuardedHttpError,
  type GuardedRequest,
  type GuardedResponse,
} from '@roost/guarded-http';
import pRetry from 'p-retry';
import type { ToolAnswer } from './tool';

/** Milliseconds before a safe request is repeated, doubled for each further one. */
const BACKOFF_MS = 200;
const BUSY: readonly number[] = [429, 502, 503, 504];
const READABLE = /^(?:text\/|application\/(?:[\w.+-]*json|[\w.+-]*xml|x-www-form-urlencoded|javascript))/i;

/** What the tools that make requests are configured with. */
export interface RequestSettings {
  timeout_s: number;
  /** Further attempts of safe methods. */
  retries: number;
  response_bytes_max: number;
  idempotency_header: string;
}

export interface ToolRequest {
  method: HttpMethod;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  idempotency_key: string;
  signal: AbortSignal;
}

/**
 * Makes a request; whatever comes of it is an answer. Repeats what is safe to repeat, all within one deadline.
 * @throws the reason of `signal` when that aborts.
 */
export async function exchange(
  http: GuardedHttpClient,
  settings: RequestSettings,
  { method, url, headers, body, idempotency_key, signal }: ToolRequest,
): Promise<ToolAnswer> {
  const { response_bytes_max } = settings;
  const all = headersOf(headers, body !== null);
  if (!isSafeMethod(method)) all.set(settings.idempotency_header, idempotency_key);
  const request = { url, method, headers: Object.fromEntries(all), body, response_bytes_max, signal };
  try {
    return readable(await send(http, settings, isSafeMethod(method), request));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof GuardedHttpError) return { ok: false, content: error.message };
    if (error instanceof BusyError) return { ok: false, content: error.message };
    throw error;
  }
}

async function send(
  http: GuardedHttpClient,
  { timeout_s, retries: further }: RequestSettings,
  isSafe: boolean,
  request: Omit<GuardedRequest, 'deadline_ms'>,
): Promise<GuardedResponse> {
  const ends_at = performance.now() + timeout_s * 1_000;
  const retries = isSafe ? further : 0;
  return pRetry(
    async (attempt) => {
      const deadline_ms = Math.max(1, Math.round(ends_at - performance.now()));
      const response = await http.request({ ...request, deadline_ms });
      if (BUSY.includes(response.status) && attempt <= retries) throw new BusyError(response.status);
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

class BusyError extends Error {
  constructor(status: number) {
    super(`HTTP ${status}\nThe server is busy: try again later.`);
  }
}

function headersOf(own: Record<string, string>, hasBody: boolean): Headers {
  const headers = new Headers({
    accept: 'application/json, text/*;q=0.9, */*;q=0.5',
    'user-agent': 'roost',
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
  });
  for (const [name, value] of Object.entries(own)) headers.set(name, value);
  return headers;
}

function readable({ status, headers, body }: GuardedResponse): ToolAnswer {
  const ok = status >= 200 && status < 300;
  const type = headers['content-type'] ?? 'text/plain';
  const text = READABLE.test(type) ? body.toString() : `(${body.length} bytes of ${type})`;
  return { ok, content: ok && body.length > 0 ? text : `HTTP ${status}\n${text}`.trim() };
}
