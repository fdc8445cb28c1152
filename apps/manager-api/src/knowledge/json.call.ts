import { anySignal } from 'any-signal';
import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';

export interface JsonCall {
  url: string;
  api_key: string | null;
  body: object;
  /** Milliseconds of one attempt. */
  attempt_ms: number;
  /** Milliseconds of all attempts. */
  deadline_ms: number;
  retries: number;
  /** Milliseconds before the first retry; doubled for each further one, with jitter. */
  backoff_ms: number;
  signal: AbortSignal;
}

/** An answer that is none. The message says what came, and holds no credential. */
export class CallError extends Error {
  override readonly name = 'CallError';

  constructor(
    message: string,
    private readonly retry: { helps: boolean; after_ms: number },
  ) {
    super(message);
  }

  helpsBefore(left_ms: number): boolean {
    return this.retry.helps && this.retry.after_ms < left_ms;
  }

  get after_ms(): number {
    return this.retry.after_ms;
  }
}

const ANSWER_BYTES_MAX = 32 * 1_024 * 1_024;
const DETAIL_MAX = 300;

/**
 * POSTs JSON to a provider that the operator configured; again after 408, 429, 5xx and broken connections, not before
 * `Retry-After`. Follows no redirect: the key is for this address.
 * @throws {CallError} or the reason of `signal` when that aborts.
 */
export async function postJson(call: JsonCall): Promise<unknown> {
  const deadline = AbortSignal.timeout(call.deadline_ms);
  const ends_at = performance.now() + call.deadline_ms;
  const stop = anySignal([call.signal, deadline]);
  const isWorthRetrying = (error: Error): error is CallError =>
    error instanceof CallError && error.helpsBefore(ends_at - performance.now());
  try {
    return await pRetry(() => attempt(call, stop), {
      retries: call.retries,
      minTimeout: call.backoff_ms,
      maxTimeout: 10_000,
      factor: 2,
      randomize: true,
      signal: stop,
      shouldRetry: ({ error }) => isWorthRetrying(error),
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (retriesLeft > 0 && isWorthRetrying(error))
          await pause(error.after_ms, undefined, { signal: stop });
      },
    });
  } catch (error) {
    call.signal.throwIfAborted();
    if (deadline.aborted) throw new CallError(`no answer within ${call.deadline_ms / 1_000} s`, never);
    throw error;
  } finally {
    stop.clear();
  }
}

async function attempt({ url, api_key, body, attempt_ms }: JsonCall, stop: AbortSignal): Promise<unknown> {
  let response: Response;
  let text: string;
  const signal = anySignal([stop, AbortSignal.timeout(attempt_ms)]);
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(api_key === null ? {} : { authorization: `Bearer ${api_key}` }),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    });
    text = await textOf(response);
  } catch (error) {
    if (error instanceof CallError) throw error;
    stop.throwIfAborted();
    throw new CallError(`it does not answer (${reasonOf(error)})`, { helps: true, after_ms: 0 });
  } finally {
    signal.clear();
  }
  if (!response.ok) {
    const { status } = response;
    const helps = status === 408 || status === 429 || status >= 500;
    throw new CallError(`it answered ${status}: ${text.slice(0, DETAIL_MAX)}`, {
      helps,
      after_ms: retryAfterMs(response.headers.get('retry-after')),
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CallError('it answered with something that is not JSON', never);
  }
}

const never = { helps: false, after_ms: 0 };

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw new CallError('its answer is too large', never);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1_000;
  return Number.isFinite(ms) ? Math.max(ms, 0) : 0;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? cause.message || cause.name : error.message;
}
