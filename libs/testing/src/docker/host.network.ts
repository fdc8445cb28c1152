import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { run } from './docker.cli';

/** An address of this machine that every container reaches: the gateway of a network that is there for it. */
export class HostNetwork {
  private readonly forwarders: Server[] = [];

  private constructor(
    readonly name: string,
    readonly address: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async create(name: string, environment: NodeJS.ProcessEnv): Promise<HostNetwork> {
    await run('docker', ['network', 'create', name], environment);
    const format = '{{(index .IPAM.Config 0).Gateway}}';
    const address = await run('docker', ['network', 'inspect', '--format', format, name], environment);
    return new HostNetwork(name, address, environment);
  }

  /** Lets containers reach a port of the loopback address; the port they use is returned. */
  async forward(port: number): Promise<number> {
    const server = createServer((inbound) => {
      const outbound = connect(port, '127.0.0.1');
      inbound.pipe(outbound).pipe(inbound);
      inbound.on('error', () => outbound.destroy()).on('close', () => outbound.destroy());
      outbound.on('error', () => inbound.destroy()).on('close', () => inbound.destroy());
    }).listen(0, this.address);
    await once(server, 'listening');
    this.forwarders.push(server);
    return (server.address() as AddressInfo).port;
  }

  async remove(): Promise<void> {
    for (const server of this.forwarders) server.close();
    await run('docker', ['network', 'rm', this.name], this.environment);
  }
}
