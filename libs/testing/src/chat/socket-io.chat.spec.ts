import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { SocketIoChat } from './socket-io.chat';

const handshake = `0${JSON.stringify({ sid: 'x', upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000 })}`;

describe('SocketIoChat', () => {
  let server: WebSocketServer | undefined;
  afterEach(() => server?.close());

  it('is told when the connection ends before the namespace has answered', async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.send(handshake);
      socket.on('message', () => socket.terminate());
    });
    const { port } = server.address() as AddressInfo;
    await expect(SocketIoChat.open(`http://127.0.0.1:${port}`, 'agent_x')).rejects.toThrow('not connected');
  });
});
