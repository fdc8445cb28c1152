import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';
import { GuardedHttpClient, type GuardedHttpOptions, type GuardedRequest } from '../guarded-http.client';

const servers: Server[] = [];
const clients: GuardedHttpClient[] = [];
/** Closes after each test what it has opened. */
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

export interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

interface Place {
  address?: string;
  port?: number;
  tls?: { key: string; cert: string };
}

export async function listen(answer: RequestListener, place: Place = {}) {
  const { address = '127.0.0.1', port: atPort = 0, tls } = place;
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(request, response);
    });
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  servers.push(server);
  server.listen(atPort, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, seen, origin: `http://${address}:${port}` };
}

export const ok: RequestListener = (_request, response) => response.end('hello');
export const redirect =
  (location: string, status = 302): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { location }).end();

export function client(options: GuardedHttpOptions = {}): GuardedHttpClient {
  const made = new GuardedHttpClient(options);
  clients.push(made);
  return made;
}

export const get = (url: string, changes: Partial<GuardedRequest> = {}): GuardedRequest => ({
  url,
  method: 'GET',
  deadline_ms: 5_000,
  response_bytes_max: 1_000,
  ...changes,
});
