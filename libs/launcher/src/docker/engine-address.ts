export type EngineAddress = { socketPath: string } | { host: string; port: number };

/**
 * Reads an address in the style of DOCKER_HOST: `unix:///path` or `tcp://host:port` (port 2375 when left out).
 * TLS is not spoken: an engine on another machine is reached through a proxy on this one.
 */
export function engineAddress(docker_host: string): EngineAddress {
  const address = URL.canParse(docker_host) ? new URL(docker_host) : undefined;
  if (address?.protocol === 'unix:' && address.host === '' && address.pathname.length > 1) {
    return { socketPath: decodeURIComponent(address.pathname) };
  }
  if (address?.protocol === 'tcp:' && address.hostname !== '' && address.pathname.length <= 1) {
    return { host: address.hostname, port: Number(address.port || 2375) };
  }
  throw new Error(
    `DOCKER_HOST is "${docker_host}"; it must be unix:///path/to/docker.sock or tcp://host:port (without TLS)`,
  );
}
