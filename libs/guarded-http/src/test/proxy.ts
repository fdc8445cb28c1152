import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Where the proxy takes a host to: a port of this machine, or how the proxy answers itself. */
export type Routes = Record<string, { port: number } | number | 'breaks off'>;

/** A forward proxy that knows the hosts of `routes` and no other; those it refuses as Squid does. */
export async function forwardProxy(routes: Routes) {
  const asked: string[] = [];
  const routeOf = (authority: string) => routes[authority.replace(/:\d+$/, '')] ?? 403;
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const url = new URL(incoming.url ?? '');
    const route = routeOf(url.host);
    if (route === 'breaks off') return void outgoing.destroy();
    if (typeof route === 'number') return refuse(outgoing, route);
    passOn(incoming, outgoing, url, route.port);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (incoming: IncomingMessage, client: Socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const route = routeOf(incoming.url ?? '');
    client.on('error', () => client.destroy());
    if (route === 'breaks off') return void client.destroy();
    if (typeof route === 'number')
      return void client.end(`HTTP/1.1 ${route} No\r\nX-Squid-Error: ${reasonOf(route)}\r\n\r\n`);
    const target = connect(route.port, '127.0.0.1');
    sockets.add(target);
    target.on('error', () => client.destroy());
    target.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { asked, uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function refuse(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status, { 'x-squid-error': reasonOf(status) }).end('no');
}

const reasonOf = (status: number): string =>
  ({ 403: 'ERR_ACCESS_DENIED 0', 503: 'ERR_DNS_FAIL 0' })[status] ?? 'ERR_CONNECT_FAIL 111';

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, url: URL, port: number): void {
  const { method, headers } = incoming;
  const path = `${url.pathname}${url.search}`;
  const onward = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
