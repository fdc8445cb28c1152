import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../until';
import { FaultProxy } from './fault.proxy';

describe('a fault proxy', () => {
  const served: string[] = [];
  const clients: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      served.push(bytes.toString());
      socket.write(`answer to ${bytes.toString()}`);
    });
  });
  let proxy: FaultProxy;

  beforeEach(async () => {
    served.length = 0;
    if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
    proxy = await FaultProxy.before({ port: (server.address() as AddressInfo).port });
  });
  afterEach(async () => {
    await proxy.close();
    for (const client of clients.splice(0)) client.destroy();
  });

  async function open() {
    const socket = connect(proxy.address);
    clients.push(socket);
    const heard: string[] = [];
    let closed = false;
    socket.on('data', (bytes) => heard.push(bytes.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => (closed = true));
    await once(socket, 'connect');
    return { socket, heard, isClosed: () => closed };
  }

  it('passes everything on until it is told otherwise', async () => {
    const { socket, heard } = await open();
    socket.write('one');
    await until('an answer', () => heard.join() === 'answer to one');
  });

  it('loses the answer to a request that the server has acted on, and cuts the connection', async () => {
    const rule = proxy.on(/two/, { kind: 'lose_answer' }, 1);
    const { socket, heard, isClosed } = await open();
    socket.write('two');
    await until('the connection is cut', isClosed);
    expect(served).toEqual(['two']);
    expect(heard).toEqual([]);
    expect(rule.hits).toBe(1);

    const again = await open();
    again.socket.write('two');
    await until('an answer', () => again.heard.join() === 'answer to two');
  });

  it('swallows the answer to a request that the server has acted on, and stays silent', async () => {
    proxy.on(/two/, { kind: 'swallow_answer' });
    const { socket, heard, isClosed } = await open();
    socket.write('two');
    await until('the server has acted', () => served.length === 1);
    const other = await open();
    other.socket.write('one');
    await until('another connection is answered', () => other.heard.length === 1);
    expect([heard, isClosed()]).toEqual([[], false]);
  });

  it.each(['hang', 'cut'] as const)('keeps a request from the server: %s', async (kind) => {
    proxy.on(/two/, { kind });
    const { socket, isClosed } = await open();
    socket.write('two');
    const other = await open();
    other.socket.write('one');
    await until('another connection is answered', () => other.heard.length === 1);
    await until('it is cut, or is not', () => isClosed() === (kind === 'cut'));
    expect(served).toEqual(['one']);
  });

  it('is a black hole while frozen: what was sent arrives after it', async () => {
    const before = await open();
    before.socket.write('one');
    await until('an answer', () => before.heard.length === 1);
    proxy.freeze();
    before.socket.write('two');
    const during = await open();
    during.socket.write('three');
    const sent = performance.now();
    await until('a moment has passed', () => performance.now() - sent > 100);
    expect(served).toEqual(['one']);
    expect(before.isClosed() || during.isClosed()).toBe(false);

    proxy.thaw();
    await until('both are answered', () => before.heard.length === 2 && during.heard.length === 1);
    expect(served.sort()).toEqual(['one', 'three', 'two']);
  });

  it('refuses connections like a server that is gone, and takes them again at the same address', async () => {
    const before = await open();
    const { address } = proxy;
    await proxy.refuse();
    await until('the connection is cut', before.isClosed);
    await expect(once(connect(address), 'connect')).rejects.toThrow('ECONNREFUSED');
    await proxy.accept();
    const { socket, heard } = await open();
    socket.write('one');
    await until('an answer', () => heard.length === 1);
  });
});
