import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { serve } from './serve';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Both socket libraries as their documentation shows them: they say hello, and nothing more. */
const http = createServer();
const plain = new WebSocketServer({ noServer: true, clientTracking: false });
http.on('upgrade', (request, socket, head) => {
  if (request.url?.startsWith('/socket.io/')) return;
  plain.handleUpgrade(request, socket, head, (client) => client.send('{"type":"status"}'));
});
new Server(http, { transports: ['websocket'], destroyUpgrade: false })
  .of('/agents')
  .on('connection', (client) => client.emit('status', {}));
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

serve({
  url: () => `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
  pid: () => process.pid,
  collect: () => collect(),
});
