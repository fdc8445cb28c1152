import { isIP } from 'node:net';
import { type Dispatcher, fetch, Pool, ProxyAgent, type RequestInit, type Response } from 'undici';
import { type AllowList, isUsualPort, plainHost } from './allow-list';
import { GuardedHttpError, guardedCause } from './guarded-http.error';
import { portOf, portRefused, refusal } from './refusal';

/** What Squid says of an answer that is its own, and why. Of a 403 that has none, a server is the author. */
const OWN_ANSWER = 'x-squid-error';

/**
 * A forward proxy as the only way out: https through CONNECT, http with the whole URL in the request line. Names are
 * the proxy's to resolve, and it refuses those whose addresses are private; what can be seen without asking DNS is
 * refused before it is asked.
 */
export class EgressProxy {
  private readonly agent: ProxyAgent;

  /** `uri` is `http://host:port`. */
  constructor(uri: string) {
    this.agent = new ProxyAgent({ uri, proxyTunnel: false, clientFactory: tunnels });
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
    let response: Response;
    try {
      response = await fetch(url, { ...init, dispatcher: this.agent });
    } catch (error) {
      throw guardedCause(error) ?? error;
    }
    const reason = url.protocol === 'http:' ? response.headers.get(OWN_ANSWER) : null;
    if (reason === null) return response;
    await response.body?.cancel();
    throw failure(plainHost(url.hostname), response.status, reason);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/**
 * Connections to the proxy for tunnels, with the reason why there is none. undici tells but the status, and asks
 * without end for a tunnel whose connection breaks off.
 */
function tunnels(proxy: URL, options: object): Dispatcher {
  const pool = new Pool(proxy, options);
  const ask: (tunnel: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData> = pool.connect.bind(pool);
  const connect = async (tunnel: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    const { hostname } = new URL(`https://${tunnel.path}`);
    const answer = await ask(tunnel).catch((error: unknown) => {
      throw new GuardedHttpError('connection_failed', 'The egress proxy does not answer: try again later.', {
        cause: error,
      });
    });
    if (answer.statusCode === 200) return answer;
    answer.socket.on('error', () => undefined).destroy();
    throw failure(plainHost(hostname), answer.statusCode, String(answer.headers[OWN_ANSWER]));
  };
  return Object.assign(pool, { connect });
}

function failure(host: string, status: number, reason: string): GuardedHttpError {
  if (status === 403) {
    const message = `The egress proxy refused ${host}: its address or port is not open to agents. Use a public one, or let the operator allow ${host}.`;
    return new GuardedHttpError('address_refused', message);
  }
  if (reason.startsWith('ERR_DNS_FAIL')) {
    const message = `The egress proxy found no address of ${host}: check the name.`;
    return new GuardedHttpError('host_not_found', message);
  }
  const message = `The egress proxy could not reach ${host} (${status}): check the URL, or try again later.`;
  return new GuardedHttpError('connection_failed', message);
}
