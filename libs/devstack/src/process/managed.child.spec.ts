import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from './managed.child';
import { isAlive, type ProcessIdentity } from './process.identity';
import { endLeftover, readRecord } from './process.record';
import { end, runSupervisor } from './supervisor.fixture.run';
import { waitUntil } from './wait.until';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'child-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const gone = (identity: ProcessIdentity) =>
  waitUntil('the child ends', () => Promise.resolve(isAlive(identity) ? undefined : true), {
    deadlineMs: 10_000,
  });
const shell = (script: string) =>
  startChild({
    name: 'shell',
    command: '/bin/sh',
    args: ['-c', script],
    logFile: join(dir, 'shell.log'),
    recordFile: join(dir, 'shell.json'),
  });

describe('a managed child', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends when %s ends its parent', async (signal) => {
    const { supervisor, started } = await runSupervisor('sleep', dir);
    await end(supervisor, signal);
    expect(supervisor.signalCode).toBe(signal);
    await gone(started);
  });

  it('outlives a parent that was killed, and the next start ends it', async () => {
    const { supervisor, started } = await runSupervisor('sleep', dir);
    await end(supervisor, 'SIGKILL');
    expect(isAlive(started)).toBe(true);

    await endLeftover(join(dir, 'sleep.json'));
    expect(isAlive(started)).toBe(false);
    expect(existsSync(join(dir, 'sleep.json'))).toBe(false);
  });

  it('is not ended by another start while its parent lives', async () => {
    const { supervisor, started } = await runSupervisor('sleep', dir);
    try {
      await expect(endLeftover(join(dir, 'sleep.json'))).rejects.toThrow(
        `sleep is in use by process ${supervisor.pid ?? 0}`,
      );
      expect(isAlive(started)).toBe(true);
    } finally {
      await end(supervisor, 'SIGTERM');
    }
  });

  it('is killed when it ignores the request to stop', async () => {
    const child = await shell('trap "" TERM; echo ready; while true; do sleep 0.1; done');
    const record = readRecord(join(dir, 'shell.json'));
    await waitUntil('it is ready', () => Promise.resolve(child.tail(1) === 'ready' || undefined), {
      deadlineMs: 5_000,
    });
    await child.stop(100);
    expect(child.exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(record && isAlive(record)).toBe(false);
  });

  it('that ends early makes the wait for it fail at once, showing its last lines', async () => {
    const child = await shell('echo first; echo the reason; exit 3');
    const wait = waitUntil('it serves', () => Promise.resolve(undefined), {
      deadlineMs: 60_000,
      watched: child,
    });
    await expect(wait).rejects.toThrow(/it serves: the process ended \(exit code 3\)[^]*the reason/);
  });

  it('whose program is missing is an error, not a crash', async () => {
    const start = startChild({
      name: 'nothing',
      command: join(dir, 'nothing'),
      args: [],
      logFile: join(dir, 'nothing.log'),
      recordFile: join(dir, 'nothing.json'),
    });
    await expect(start).rejects.toThrow('ENOENT');
  });
});
