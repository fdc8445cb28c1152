import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../postgres/postgres.server';
import { startRedis, type RedisServer } from '../redis/redis.server';
import { openRunDirectory } from './run.directory';

/** Where test files reach the broker of their run. */
export interface BrokerAddress {
  url: string;
  token: string;
}

export interface ServerBroker {
  address: BrokerAddress;
  close(): Promise<void>;
}

/**
 * Keeps the servers of one test run in the run's main process, so that test files (which run in processes of
 * their own) share one PostgreSQL and leave nothing behind. Starts a server when it is first asked for one.
 */
export async function startServerBroker(): Promise<ServerBroker> {
  const token = randomBytes(16).toString('hex');
  const redisServers = new Set<RedisServer>();
  let directory: Promise<string> | undefined;
  let postgres: Promise<PostgresServer> | undefined;
  let count = 0;
  const runDirectory = () => (directory ??= openRunDirectory());

  const handlers: Record<string, (body: string) => Promise<unknown>> = {
    '/database': async (name) => {
      postgres ??= runDirectory().then((dir) =>
        startPostgres({ dataDir: join(dir, 'postgres'), persistent: false, fsync: false }),
      );
      const server = await postgres;
      const { url, name: created } = await server.createDatabase(
        `${name.slice(0, 40)}_${randomBytes(4).toString('hex')}`,
      );
      return { url, name: created, adminUrl: server.url };
    },
    '/redis': async () => {
      const server = await startRedis({ dir: join(await runDirectory(), `redis-${(count += 1)}`) });
      redisServers.add(server);
      return { url: server.url, port: server.port, pid: server.pid };
    },
    '/redis/stop': async (port) => {
      const server = [...redisServers].find((candidate) => candidate.port === Number(port));
      await server?.stop();
    },
  };

  const server = createServer((request, response) => {
    const handler = handlers[request.url ?? ''];
    if (!handler || request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(404).end();
      return;
    }
    readBody(request)
      .then(handler)
      .then(
        (result) => response.writeHead(200).end(JSON.stringify(result ?? {})),
        (error: unknown) => response.writeHead(500).end((error as Error).message),
      );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();

  return {
    address: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token },
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all([...redisServers].map((redis) => redis.stop()));
      await (await postgres?.catch(() => undefined))?.stop();
      if (directory) rmSync(await directory, { recursive: true, force: true });
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > 1_000) throw new Error('the request is too long');
  }
  return body;
}
