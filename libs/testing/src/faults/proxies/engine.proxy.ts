import type { ServerAddress } from './address';

/** Calls of the Docker Engine as they stand on the wire, for {@link FaultProxy.on}; one connection carries one call. */
export const engineCalls = {
  create: /^POST (\/v[\d.]+)?\/containers\/create/,
  start: /^POST (\/v[\d.]+)?\/containers\/[^/]+\/start/,
  stop: /^POST (\/v[\d.]+)?\/containers\/[^/]+\/(stop|kill)/,
  remove: /^DELETE (\/v[\d.]+)?\/containers\//,
  inspect: /^GET (\/v[\d.]+)?\/containers\/[^/]+\/json/,
  list: /^GET (\/v[\d.]+)?\/containers\/json/,
  events: /^GET (\/v[\d.]+)?\/events/,
} as const;

/** Where the engine of a DOCKER_HOST listens. */
export function engineAddress(docker_host = 'unix:///var/run/docker.sock'): ServerAddress {
  const { protocol, hostname, port, pathname } = new URL(docker_host);
  return protocol === 'unix:'
    ? { path: decodeURIComponent(pathname) }
    : { host: hostname, port: Number(port || 2375) };
}
