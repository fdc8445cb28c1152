import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { io } from 'socket.io-client';
import { ManagerHarness } from '../../test/manager.harness';

describe('an upgrade', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  /** The first line of the answer to a request target that no URL parser would let through. */
  const upgrade = (target: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(manager.manager.public_port, '127.0.0.1');
      socket.setTimeout(5_000, () => reject(new Error(`no answer to ${target}`)));
      socket.on('error', reject);
      socket.on('data', (data) => {
        resolve(data.toString().split('\r\n')[0] ?? '');
        socket.destroy();
      });
      socket.on('close', () => resolve('closed'));
      const headers = [
        'Host: x',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ];
      socket.write(`GET ${target} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    });

  it.each([
    '//',
    '//evil.example/ws/agents/a',
    '/x/../socket.io/',
    '/ws',
    '/ws/agents/',
    '/%2e%2e/socket.io/',
    '*',
    'http://[',
    '/ws/agents/a%ZZ/b',
  ])('to %s is refused at once, and harms nobody else', async (target) => {
    expect(await upgrade(target)).toMatch(/^HTTP\/1\.1 40\d|^closed/);
    expect((await manager.call('GET', '/livez')).status).toBe(200);
  });

  it('to the main namespace of Socket.IO is refused', async () => {
    const socket = io(`http://127.0.0.1:${manager.manager.public_port}/`, {
      transports: ['websocket'],
      reconnection: false,
    });
    const error = await new Promise<Error>((resolve, reject) => {
      socket.on('connect_error', resolve);
      socket.on('connect', () => reject(new Error('it connected')));
    });
    expect(error.message).toContain('/agents');
    socket.close();
  });
});
