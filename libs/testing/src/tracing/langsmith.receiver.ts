import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

/** Takes runs as LangSmith does, one by one in parts of a form, and keeps what it was told as text. */
export class LangSmithReceiver {
  bodies = '';
  /** With which keys it was asked. */
  readonly keys = new Set<string>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<LangSmithReceiver> {
    const server = createServer();
    const receiver = new LangSmithReceiver(server);
    server.on('request', (request, response) => {
      receiver.take(request).then(
        (answer) => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
        () => response.writeHead(404).end(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  /** For `LANGSMITH_ENDPOINT`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async take(request: IncomingMessage): Promise<object> {
    this.keys.add(String(request.headers['x-api-key']));
    if (request.method === 'GET' && request.url === '/info')
      return { version: '1.0.0', batch_ingest_config: { use_multipart_endpoint: true } };
    if (request.method !== 'POST' || request.url !== '/runs/multipart') throw new Error('no such address');
    const is_gzip = request.headers['content-encoding'] === 'gzip';
    this.bodies += await text(is_gzip ? request.pipe(createGunzip()) : request);
    return {};
  }
}
