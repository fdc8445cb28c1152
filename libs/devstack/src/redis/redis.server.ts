import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join, resolve } from 'node:path';
import { DevstackError } from '../devstack.error';
import { freePort } from '../process/free.port';
import { startChild, type ManagedChild } from '../process/managed.child';
import { endLeftover } from '../process/process.record';
import { waitUntil } from '../process/wait.until';
import { findRedisBinary } from './redis.binary';

export interface RedisOptions {
  /** Its own directory: configuration, log and data. */
  dir: string;
  /** A free one when absent. */
  port?: number;
  /** A random one when absent. */
  password?: string;
  /** Keeps the data over restarts. Default false. */
  appendonly?: boolean;
  /** False removes `dir` on stop. Default true. */
  persistent?: boolean;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly child: ManagedChild;
  stop(): Promise<void>;
}

/**
 * Starts a real Redis (or Valkey) on 127.0.0.1 and resolves when it answers. `ACL SETUSER` works on it.
 *
 * @throws {DevstackError} there is no server program, or the directory is in use.
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const { persistent = true } = options;
  const binary = findRedisBinary();
  if (!binary) {
    throw new DevstackError('Redis is missing: run "apt-get install redis-server" (or npm start as root).');
  }
  const dir = resolve(options.dir);
  const password = options.password ?? randomBytes(24).toString('base64url');
  const recordFile = join(dir, 'redis.json');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await endLeftover(recordFile);

  const launch = async (port: number) => {
    const configFile = join(dir, 'redis.conf');
    // In a file and not in arguments, which every user of the machine can read.
    writeFileSync(
      configFile,
      configuration({ dir, port, password, appendonly: options.appendonly ?? false }),
      {
        mode: 0o600,
      },
    );
    const child = await startChild({
      name: 'Redis',
      command: binary,
      args: [configFile],
      cwd: dir,
      logFile: join(dir, 'redis.log'),
      recordFile,
    });
    try {
      await waitUntil('Redis answers', () => answers(port, password), { deadlineMs: 30_000, watched: child });
    } catch (error) {
      await child.stop();
      throw error;
    }
    return { port, child };
  };

  const { port, child } = options.port === undefined ? await onFreePort(launch) : await launch(options.port);
  return {
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    port,
    pid: child.pid,
    child,
    async stop() {
      await child.stop();
      if (!persistent) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Somebody may take a free port before the server does. */
async function onFreePort<T>(launch: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(await freePort());
    } catch (error) {
      if (attempt === 5 || !/in use|could not create server/i.test((error as Error).message)) throw error;
    }
  }
}

function configuration(at: { dir: string; port: number; password: string; appendonly: boolean }): string {
  return [
    'bind 127.0.0.1',
    'protected-mode yes',
    `port ${at.port}`,
    `dir ${JSON.stringify(at.dir)}`,
    `requirepass ${JSON.stringify(at.password)}`,
    'maxmemory-policy noeviction',
    `appendonly ${at.appendonly ? 'yes' : 'no'}`,
    'save ""',
    '',
  ].join('\n');
}

/** Readiness needs one PING, which Redis also takes as a plain line; a client library would be more than that. */
function answers(port: number, password: string): Promise<true | undefined> {
  return new Promise((settle) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let reply = '';
    const done = (value: true | undefined) => {
      socket.destroy();
      settle(value);
    };
    socket.setTimeout(2_000, () => done(undefined));
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(undefined));
    socket.on('connect', () => socket.write(`AUTH ${JSON.stringify(password)}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      reply += chunk.toString('utf8');
      if (reply.includes('+PONG')) done(true);
      else if (reply.includes('-')) done(undefined);
    });
  });
}
