import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { identify, isAlive, type ProcessIdentity } from '../process/process.identity';
import { end, runSupervisor } from '../process/supervisor.fixture.run';
import { sweep } from './run.directory';
import { startServerBroker } from './server.broker';
import { sharedStack } from './shared.stack';

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

describe('the shared stack', () => {
  it('gives each caller an empty database of its own on one server', async () => {
    const stack = await sharedStack();
    const [one, two] = await Promise.all([stack.createDatabase('agents'), stack.createDatabase('agents')]);
    expect(new URL(one.url).port).toBe(new URL(two.url).port);
    await query(one.url, 'CREATE TABLE only_here ()');
    expect(await query(two.url, "SELECT to_regclass('only_here') AS found")).toEqual({ found: null });

    await one.drop();
    await expect(query(one.url, 'SELECT 1')).rejects.toThrow('does not exist');
    await two.drop();
  });

  it('gives each caller a Redis of its own', async () => {
    const stack = await sharedStack();
    const [one, two] = await Promise.all([stack.startRedis(), stack.startRedis()]);
    expect(one.port).not.toBe(two.port);
    await one.stop();
    expect(identify(one.pid)).toBeNull();
    expect(identify(two.pid)).not.toBeNull();
    await two.stop();
  });

  it('refuses whoever does not know its token', async () => {
    const broker = await startServerBroker();
    const response = await fetch(`${broker.address.url}/redis`, { method: 'POST' });
    expect(response.status).toBe(404);
    await broker.close();
  });

  it('ends every server with the run', async () => {
    const broker = await startServerBroker();
    const response = await fetch(`${broker.address.url}/redis`, {
      method: 'POST',
      headers: { authorization: `Bearer ${broker.address.token}` },
    });
    const { pid } = (await response.json()) as { pid: number };
    expect(identify(pid)).not.toBeNull();
    await broker.close();
    expect(identify(pid)).toBeNull();
  });
});

describe('the next run', () => {
  const runDirectory = (owner: ProcessIdentity | null) => {
    const directory = mkdtempSync(join(tmpdir(), 'run-'));
    chmodSync(directory, 0o711);
    writeFileSync(join(directory, 'owner.json'), JSON.stringify(owner));
    return directory;
  };

  it('ends and removes what a killed run left behind', async () => {
    const directory = runDirectory({ pid: process.pid, started: 'long ago' });
    mkdirSync(join(directory, 'redis-1'));
    const { supervisor, started } = await runSupervisor('postgres', join(directory, 'postgres'));
    await end(supervisor, 'SIGKILL');

    await sweep(directory);
    expect(isAlive(started)).toBe(false);
    expect(() => statSync(directory)).toThrow('ENOENT');
  });

  it('leaves a run alone that goes on', async () => {
    const directory = runDirectory(identify(process.pid));
    await sweep(directory);
    expect(statSync(directory).isDirectory()).toBe(true);
    rmSync(directory, { recursive: true });
  });
});
