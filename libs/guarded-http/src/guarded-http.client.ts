import { anySignal } from 'any-signal';
import { Agent, fetch, type Response } from 'undici';
import { AllowList } from './allow-list';
import { EgressProxy } from './egress.proxy';
import { guardedCause, GuardedHttpError } from './guarded-http.error';
import { guardedConnector, type ResolveAll } from './guarded.connector';
import { type GuardedFetch, type GuardedFetchLimits, streamedResponse } from './guarded.fetch';
import { follow, type Hop, isRedirect } from './redirect';
import { readBody } from './response.body';

export interface GuardedRequest {
  url: string;
  method: string;
  headers?: Record<string, string>;
  body?: string | null;
  /** Milliseconds for all of it: names, redirects, body. */
  deadline_ms: number;
  /** Bytes the body may have once it is decompressed. */
  response_bytes_max: number;
  signal?: AbortSignal;
}

export interface GuardedResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** Where the answer came from, after redirects. */
  url: string;
}

export interface GuardedHttpOptions {
  /** See {@link AllowList}; nothing private without it. */
  allowed_hosts?: readonly string[];
  resolve?: ResolveAll;
  /** `http://host:port` of a forward proxy that is the only way out; see {@link EgressProxy}. */
  proxy?: string | undefined;
}

const REDIRECTS_MAX = 5;

/**
 * The one client for URLs that users configure. It reaches public addresses on ports 80 and 443 and what the
 * operator allows, checks every redirect anew, and never waits or reads without bound. Where a proxy is the way out,
 * names are resolved there, and their addresses judged there.
 */
export class GuardedHttpClient {
  private readonly allowed: AllowList;
  private readonly agent: Agent;
  private readonly proxy: EgressProxy | null;

  constructor({ allowed_hosts = [], resolve, proxy }: GuardedHttpOptions = {}) {
    this.allowed = AllowList.of(allowed_hosts);
    this.agent = new Agent({ connect: guardedConnector(this.allowed, resolve) });
    this.proxy = proxy === undefined ? null : new EgressProxy(proxy);
  }

  /**
   * Sends once and follows at most five redirects. Any status is an answer.
   * @throws {GuardedHttpError} or the reason of `signal` when that aborts.
   */
  async request(request: GuardedRequest): Promise<GuardedResponse> {
    const { deadline_ms, response_bytes_max, signal } = request;
    const deadline = AbortSignal.timeout(deadline_ms);
    const stop = anySignal([signal, deadline]);
    try {
      const { response, url } = await this.send(firstHop(request), stop);
      const body = await readBody(response.body, response_bytes_max);
      return { status: response.status, headers: Object.fromEntries(response.headers), body, url: url.href };
    } catch (error) {
      signal?.throwIfAborted();
      throw deadline.aborted ? timedOut(deadline_ms, error) : named(error);
    } finally {
      stop.clear();
    }
  }

  /**
   * A `fetch` for libraries that speak a protocol of their own. Bodies come as streams. Redirects are answers, as
   * with `redirect: 'manual'`: whoever follows one passes through here again. Its requests reject with a
   * {@link GuardedHttpError}, or what its signal aborts it with.
   */
  fetchWithin({ deadline_ms, response_bytes_max, onFailure }: GuardedFetchLimits): GuardedFetch {
    const deadline = AbortSignal.timeout(deadline_ms);
    return async (input, init = {}) => {
      // Not cleared: the body comes after the answer, and the deadline ends both.
      const stop = anySignal([deadline, init.signal]);
      const failed = (error: unknown): unknown => {
        if (init.signal?.aborted) return error;
        const failure = deadline.aborted ? timedOut(deadline_ms, error) : named(error);
        onFailure?.(failure);
        return failure;
      };
      try {
        const { method = 'GET', body } = init;
        if (typeof body !== 'string' && body !== null && body !== undefined)
          throw new TypeError('Only texts are sent.');
        const headers = Object.fromEntries(new Headers(init.headers));
        const hop = firstHop({ url: String(input), method, headers, body: body ?? null });
        const response = await this.sendOnce(hop, stop);
        return streamedResponse(response, response.body, response_bytes_max, failed);
      } catch (error) {
        throw failed(error);
      }
    };
  }

  /** Ends its connections; requests under way fail. */
  async close(): Promise<void> {
    await Promise.all([this.agent.destroy(), this.proxy?.close()]);
  }

  private async send(first: Hop, signal: AbortSignal): Promise<{ response: Response; url: URL }> {
    let hop = first;
    for (let redirects = 0; ; redirects += 1) {
      const response = await this.sendOnce(hop, signal);
      const location = response.headers.get('location');
      if (!isRedirect(response.status, location)) return { response, url: hop.url };
      await response.body?.cancel();
      if (redirects === REDIRECTS_MAX) {
        const message = `More than ${REDIRECTS_MAX} redirects: configure the final URL instead.`;
        throw new GuardedHttpError('redirect_refused', message);
      }
      hop = follow(hop, response.status, location);
    }
  }

  private sendOnce({ url, method, headers, body }: Hop, signal: AbortSignal): Promise<Response> {
    checkUrl(url);
    const init = { method, headers, body, redirect: 'manual', signal } as const;
    if (!this.proxy) return fetch(url, { ...init, dispatcher: this.agent });
    EgressProxy.check(url, this.allowed);
    return this.proxy.fetch(url, init);
  }
}

const timedOut = (deadline_ms: number, cause: unknown): GuardedHttpError =>
  new GuardedHttpError(
    'timed_out',
    `No complete answer within ${deadline_ms / 1_000} seconds: raise the timeout, or ask for less.`,
    { cause },
  );

function firstHop({
  url,
  method,
  headers = {},
  body = null,
}: Pick<GuardedRequest, 'url' | 'method' | 'headers' | 'body'>): Hop {
  if (!URL.canParse(url)) throw new GuardedHttpError('url_refused', 'The URL cannot be read: check it.');
  return { url: new URL(url), method, headers, body };
}

function checkUrl({ protocol, username, password }: URL): void {
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new GuardedHttpError('url_refused', `${protocol} is not reached: use https or http.`);
  }
  if (username !== '' || password !== '') {
    throw new GuardedHttpError('url_refused', 'The URL holds a credential: send it as a header instead.');
  }
}

function named(error: unknown): GuardedHttpError {
  const known = guardedCause(error);
  if (known) return known;
  const message = 'The server cannot be reached or broke the connection: check the URL, or try again later.';
  return new GuardedHttpError('connection_failed', message, { cause: error });
}
