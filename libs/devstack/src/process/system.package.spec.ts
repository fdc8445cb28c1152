import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DevstackError } from '../devstack.error';
import { ensureRedisBinary } from '../redis/redis.binary';

/** A PATH that holds only what a test puts there. */
let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'path-'));
  vi.stubEnv('PATH', path);
});
afterEach(() => {
  rmSync(path, { recursive: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function program(name: string, script: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(path, name), 0o755);
}
const asUser = (uid: number) => vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(uid);

describe('ensureRedisBinary', () => {
  it('takes redis-server, or else valkey-server, from PATH', async () => {
    symlinkSync('/bin/true', join(path, 'valkey-server'));
    expect(await ensureRedisBinary()).toBe(join(path, 'valkey-server'));
    symlinkSync('/bin/true', join(path, 'redis-server'));
    expect(await ensureRedisBinary()).toBe(join(path, 'redis-server'));
  });

  it('installs the package when it is missing, and says so', async () => {
    asUser(0);
    program('apt-get', `[ "$1" = update ] || { /bin/cp /bin/true ${path}/redis-server; }`);
    const said: string[] = [];
    expect(await ensureRedisBinary((line) => said.push(line))).toBe(join(path, 'redis-server'));
    expect(said[0]).toBe('Redis is missing: installing the package redis-server with apt-get');
  });

  it('says in one line what to do when this user may not install', async () => {
    asUser(1000);
    program('apt-get', 'exit 1');
    const refusal = ensureRedisBinary();
    await expect(refusal).rejects.toThrow(DevstackError);
    await expect(refusal).rejects.toThrow(/^Redis is missing.*sudo apt-get install redis-server.*$/);
  });

  it('says in one line why the installation failed', async () => {
    asUser(0);
    program('apt-get', 'echo "E: Unable to locate package" >&2; exit 100');
    await expect(ensureRedisBinary(() => undefined)).rejects.toThrow(
      /^apt-get could not install.*Unable to locate.*$/,
    );
  });
});
