import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A page that knows nothing of the service's libraries: the browser's own WebSocket, and the three types of frame
 * that every client understands. What it sees stands in `window.frames`, its ends in `window.closes`.
 */
const PAGE = `<!doctype html>
<title>A page of somebody else</title>
<script>
  window.received = [];
  window.closes = [];
  window.connect = (url, protocols) => {
    window.socket = protocols ? new WebSocket(url, protocols) : new WebSocket(url);
    window.socket.onmessage = ({ data }) => window.received.push(JSON.parse(data));
    window.socket.onclose = ({ code }) => window.closes.push(code);
    return new Promise((resolve) => {
      window.socket.onopen = () => resolve('open');
      window.socket.onerror = () => resolve('refused');
    });
  };
</script>`;

/** Serves the page on a free local port. */
export class PageServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(): Promise<PageServer> {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(PAGE);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PageServer(server, (server.address() as AddressInfo).port);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
