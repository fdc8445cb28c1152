import { isIP } from 'node:net';
import { fetch, ProxyAgent, type RequestInit, type Response } from 'undici';
import type { AllowList } from './allow-list';
import { isUsualPort, plainHost } from './allow-list';
import { GuardedHttpError } from './guarded-http.error';
import { portOf, portRefused, refusal } from './refusal';

/** What Squid says of an answer that is its own, and why. Of a 403 that has none, a server is the author. */
const OWN_ANSWER = 'x-squid-error';
/** undici tells the status of a refused CONNECT in this text alone. */
const REFUSED_CONNECT = /^Proxy response \((\d{3})\) !== 200/;

/**
 * A forward proxy as the only way out: https through CONNECT, http with the whole URL in the request line. Names are
 * the proxy's to resolve, and it refuses those whose addresses are private; what can be seen without asking DNS is
 * refused before it is asked.
 */
export class EgressProxy {
  private readonly agent: ProxyAgent;

  /** `uri` is `http://host:port`. */
  constructor(uri: string) {
    this.agent = new ProxyAgent({ uri, proxyTunnel: false });
  }

  /** @throws {GuardedHttpError} for a port or a literal address that `allowed` does not cover. */
  static check(url: URL, allowed: AllowList): void {
    const host = plainHost(url.hostname);
    const port = portOf(url);
    if (isIP(host)) {
      const refused = refusal(allowed, host, port, host);
      if (refused) throw refused;
    } else if (!isUsualPort(port) && !allowed.mayCover(host, port)) throw portRefused(host, port);
  }

  /** @throws {GuardedHttpError} when the proxy refuses or cannot get there, else what `fetch` throws. */
  async fetch(url: URL, init: RequestInit): Promise<Response> {
    const host = plainHost(url.hostname);
    try {
      const response = await fetch(url, { ...init, dispatcher: this.agent });
      const own = url.protocol === 'http:' && response.headers.has(OWN_ANSWER);
      if (!own) return response;
      const reason = response.headers.get(OWN_ANSWER) ?? '';
      await response.body?.cancel();
      throw failure(host, response.status, reason.startsWith('ERR_DNS_FAIL'));
    } catch (error) {
      const status = statusOfConnect(error);
      throw status === null ? error : failure(host, status, false);
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

function statusOfConnect(error: unknown): number | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const [, status] = REFUSED_CONNECT.exec(cause.message) ?? [];
    if (status !== undefined) return Number(status);
  }
  return null;
}

function failure(host: string, status: number, unknown_name: boolean): GuardedHttpError {
  if (status === 403) {
    const message = `The egress proxy refused ${host}: its address or port is not open to agents. Use a public one, or let the operator allow ${host}.`;
    return new GuardedHttpError('address_refused', message);
  }
  if (unknown_name)
    return new GuardedHttpError(
      'host_not_found',
      `The egress proxy found no address of ${host}: check the name.`,
    );
  const message = `The egress proxy could not reach ${host} (${status}): check the URL, or try again later.`;
  return new GuardedHttpError('connection_failed', message);
}
