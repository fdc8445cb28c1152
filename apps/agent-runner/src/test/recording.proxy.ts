import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A forward proxy that knows where its hosts are, and refuses all others and every tunnel as Squid does. */
export class RecordingProxy {
  /** Hosts it was asked for, as often as it was. */
  readonly hosts: string[] = [];

  private constructor(private readonly server: Server) {}

  /** `origins` are those that hosts stand for. */
  static async start(origins: Record<string, string>): Promise<RecordingProxy> {
    const server = createServer((incoming, outgoing) => {
      const { host, pathname, search } = new URL(incoming.url ?? '');
      proxy.hosts.push(host);
      const origin = origins[host];
      if (origin === undefined) {
        outgoing.writeHead(403, { 'x-squid-error': 'ERR_ACCESS_DENIED 0' }).end('denied');
        return;
      }
      const { method, headers } = incoming;
      const onward = request(`${origin}${pathname}${search}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    server.on('connect', (incoming, socket) => {
      proxy.hosts.push(incoming.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const proxy = new RecordingProxy(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
