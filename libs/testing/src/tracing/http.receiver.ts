import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

/** A service that is only told things, over HTTP and perhaps compressed. */
export abstract class HttpReceiver {
  /** Everything that came, to look for what must not be in it. */
  bodies = '';
  private readonly server: Server = createServer((request, response) => {
    this.take(request).then(
      (answer) => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
      () => response.writeHead(400).end(),
    );
  });

  protected async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** @returns the answer. @throws for what such a service does not take. */
  protected abstract take(request: IncomingMessage): Promise<object>;

  protected async bodyOf(request: IncomingMessage): Promise<string> {
    const isGzip = request.headers['content-encoding'] === 'gzip';
    const body = await text(isGzip ? request.pipe(createGunzip()) : request);
    this.bodies += body;
    return body;
  }
}
