import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type RedisOptions, type RedisServer } from './redis.server';

let dir: string;
let running: RedisServer[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redis-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(dir, { recursive: true, force: true });
});

async function start(options: Partial<RedisOptions> = {}): Promise<RedisServer> {
  const server = await startRedis({ dir, ...options });
  running.push(server);
  return server;
}

/** Sends inline commands and returns all that Redis answered. */
async function say({ url, port }: RedisServer, ...commands: string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  const password = decodeURIComponent(new URL(url).password);
  socket.end([`AUTH ${password}`, ...commands, 'QUIT', ''].join('\r\n'));
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('startRedis', () => {
  it('listens on loopback alone, evicts nothing and asks for a password only this user can read', async () => {
    const server = await start();
    expect(await say(server, 'CONFIG GET bind')).toContain('\r\n127.0.0.1\r\n');
    expect(await say(server, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    expect(await say({ ...server, url: 'redis://:guess@127.0.0.1' }, 'PING')).toContain('WRONGPASS');
    expect(statSync(join(dir, 'redis.conf')).mode & 0o777).toBe(0o600);
  });

  it('takes further users', async () => {
    const server = await start();
    expect(await say(server, 'ACL SETUSER agent on >secret ~agent:* +get', 'ACL LIST')).toContain(
      'user agent on',
    );
  });

  it('keeps its data over a restart when it appends to a file', async () => {
    const first = await start({ appendonly: true });
    await say(first, 'SET key kept');
    await first.stop();
    expect(await say(await start({ appendonly: true }), 'GET key')).toContain('kept');
  });

  it('refuses a directory that is in use', async () => {
    await start();
    await expect(start()).rejects.toThrow(`Redis is in use by process ${process.pid}`);
  });

  it('shows the last lines of the log when it cannot start', async () => {
    const { port } = await start();
    await expect(start({ dir: join(dir, 'second'), port })).rejects.toThrow(/Redis answers[^]*in use/i);
  });
});
