import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { engineAddress } from './engine-address';

export type Loss = 'cut' | 'silence';

/**
 * A stand-in for the engine's socket that passes everything on, but of requests matching `lose` the answer: the
 * engine acts, and the caller's connection is cut, or stays silent, once the engine has answered.
 */
export class LossyEngine {
  lose: RegExp | null = null;
  loss: Loss = 'cut';
  /** Request lines whose answers were lost. */
  readonly lost: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#pass(client));

  constructor(private readonly docker_host: string) {}

  /** @returns its address, in the style of DOCKER_HOST. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
    return `tcp://127.0.0.1:${address.port}`;
  }

  /** Cuts every open connection, as an engine that restarts does. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: Socket): void {
    const address = engineAddress(this.docker_host);
    const engine = connect('socketPath' in address ? { path: address.socketPath } : address);
    for (const socket of [client, engine]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    client.once('close', () => engine.destroy());
    client.once('data', (head: Buffer) => {
      const line = head.toString('latin1').split('\r\n', 1)[0] ?? '';
      const lose = this.lose?.test(line) ?? false;
      engine.write(head);
      client.pipe(engine);
      if (!lose) {
        engine.once('close', () => client.destroy());
        engine.pipe(client);
        return;
      }
      engine.once('data', () => {
        this.lost.push(line);
        if (this.loss === 'cut') client.destroy();
      });
      engine.resume();
    });
  }
}
