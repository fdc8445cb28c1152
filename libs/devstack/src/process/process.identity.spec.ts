import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { commandLine, identify, isAlive } from './process.identity';

describe('a process identity', () => {
  it('is the same each time it is read', () => {
    expect(identify(process.pid)).toEqual(identify(process.pid));
    expect(identify(process.pid)?.pid).toBe(process.pid);
  });

  it('is not alive once its pid belongs to a process started at another time', () => {
    expect(isAlive({ pid: process.pid, started: 'another time' })).toBe(false);
  });

  it('ends with its process', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const identity = identify(child.pid ?? 0);
    expect(identity && isAlive(identity)).toBe(true);
    expect(commandLine(child.pid ?? 0)).toContain('600');

    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(identity && isAlive(identity)).toBe(false);
    expect(commandLine(child.pid ?? 0)).toBe('');
  });
});
