import { sharedStack, type TestRedis } from '@roost/devstack';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandConnection } from './connection';

describe('a connection', () => {
  let redis: TestRedis;
  const opened: Redis[] = [];
  const servers: Server[] = [];
  beforeAll(async () => {
    redis = await (await sharedStack()).startRedis();
  });
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.disconnect();
    for (const server of servers.splice(0)) server.close();
  });
  afterAll(() => redis.stop());

  const open = (url: string): Redis => {
    const connection = commandConnection({ url, name: 'test' });
    connection.on('error', () => undefined);
    opened.push(connection);
    return connection;
  };

  /** The server again, by a way that cuts the first connection with the first bytes it is sent. */
  async function behindACut(): Promise<string> {
    const { hostname, port } = new URL(redis.url);
    let connections = 0;
    const server = createServer((client) => {
      client.on('error', () => undefined);
      connections += 1;
      if (connections === 1) return client.once('data', () => client.destroy());
      const upstream = connect(Number(port), hostname);
      upstream.on('error', () => client.destroy());
      client.pipe(upstream).pipe(client);
      return undefined;
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return redis.url.replace(`:${port}`, `:${(server.address() as AddressInfo).port}`);
  }

  it('comes back after it was lost while it introduced itself', async () => {
    const connection = open(await behindACut());
    await connection.ping().catch(() => undefined);
    await vi.waitFor(async () => expect(await connection.ping()).toBe('PONG'), { timeout: 8_000 });
  });

  it('is shown by its name', async () => {
    const connection = open(redis.url);
    await connection.ping();
    expect(await connection.client('LIST')).toMatch(/\bname=test\b/);
  });
});
