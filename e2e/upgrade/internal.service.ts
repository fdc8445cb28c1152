import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

/** One address before the internal ports of all managers, as a service of the platform has: runners outlive managers. */
export class InternalService {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** Whoever connects reaches the port that `target` names then, or nobody. */
  static async start(target: () => number | undefined): Promise<InternalService> {
    const server = createServer((inbound) => {
      const port = target();
      if (port === undefined) return inbound.destroy();
      const outbound = connect(port, '127.0.0.1');
      inbound.pipe(outbound).pipe(inbound);
      inbound.on('error', () => outbound.destroy()).on('close', () => outbound.destroy());
      outbound.on('error', () => inbound.destroy()).on('close', () => inbound.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new InternalService(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  stop(): void {
    this.server.close();
  }
}
