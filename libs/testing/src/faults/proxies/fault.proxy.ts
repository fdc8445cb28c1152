import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { connect } from 'node:net';
import { connectOptions, type ServerAddress } from './address';
import { type Fault, FaultRule } from './fault';
import { ProxiedConnection } from './proxied.connection';

/**
 * Stands before a server and passes everything on, byte by byte, until a test tells it to do harm: to all of its
 * connections, or to requests of a kind. It reads no protocol: a request is what a client writes at once, which is
 * how clients of HTTP, PostgreSQL and Redis write small ones.
 */
export class FaultProxy {
  private readonly connections = new Set<ProxiedConnection>();
  private readonly rules: FaultRule[] = [];
  private server: Server | null = null;
  private frozen = false;
  private port = 0;

  private constructor(
    private readonly target: ServerAddress,
    private readonly host: string,
  ) {}

  /** Listens on a free port of `host`. */
  static async before(target: ServerAddress, host = '127.0.0.1'): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, host);
    await proxy.accept();
    return proxy;
  }

  /** Where clients find it. */
  get address(): { host: string; port: number } {
    return { host: this.host, port: this.port };
  }

  /** `url` with this proxy in place of its server. */
  inPlaceOf(url: string): string {
    const through = new URL(url);
    through.hostname = this.host;
    through.port = String(this.port);
    return through.href;
  }

  /** Requests that match meet the fault, at most `times` of them; newer rules come first. */
  on(request: RegExp, fault: Fault, times = Number.POSITIVE_INFINITY): FaultRule {
    const rule = new FaultRule(request, fault, times);
    this.rules.unshift(rule);
    return rule;
  }

  /**
   * A black hole: no byte passes either way, nobody is told, and connections are still taken. What was sent meanwhile
   * arrives after {@link thaw}, as a network repeats what it lost.
   */
  freeze(): void {
    this.frozen = true;
    for (const connection of this.connections) connection.freeze();
  }

  thaw(): void {
    this.frozen = false;
    for (const connection of this.connections) connection.thaw();
  }

  /** Ends every open connection with a reset; new ones are taken. */
  cutAll(): void {
    for (const connection of this.connections) connection.cut();
  }

  /** The server is gone: connections are reset, new ones refused. */
  async refuse(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = null;
    const closed = once(server, 'close');
    server.close();
    this.cutAll();
    await closed;
  }

  /** The server is back, where it was. */
  async accept(): Promise<void> {
    if (this.server) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.take(client));
    server.listen(this.port, this.host);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on TCP');
    this.port = address.port;
    this.server = server;
  }

  /** Everything passes again. */
  heal(): void {
    for (const rule of this.rules.splice(0)) rule.end();
    this.thaw();
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  private take(client: Socket): void {
    const upstream = connect({ ...connectOptions(this.target), allowHalfOpen: true });
    const connection = new ProxiedConnection(client, upstream, (bytes) => this.faultOf(bytes));
    this.connections.add(connection);
    connection.whenOver(() => this.connections.delete(connection));
    if (this.frozen) connection.freeze();
  }

  private faultOf(bytes: Buffer): Fault | null {
    return this.rules.find((rule) => rule.takes(bytes))?.fault ?? null;
  }
}
