import { isIP } from 'node:net';
import type { RequestInit } from 'undici';
import { refusedClass } from './address.class';
import { plainHost } from './allow-list';
import { EgressProxy } from './egress.proxy';

/**
 * A `fetch` for clients whose URLs the proxy alone has to judge, as those of model providers. It follows redirects as
 * `fetch` does, each through the proxy. The loopback interface is no proxy's, and is reached without it.
 *
 * Rejects with a `GuardedHttpError` where the proxy refuses.
 */
export function proxiedFetch(uri: string): typeof fetch {
  const proxy = new EgressProxy(uri);
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (isLoopback(url)) return fetch(input, init);
    // One standard, described by two packages.
    return proxy.fetch(url, init as unknown as RequestInit);
  };
}

function isLoopback({ hostname }: URL): boolean {
  const host = plainHost(hostname);
  return host === 'localhost' || (isIP(host) !== 0 && refusedClass(host) === 'loopback');
}
