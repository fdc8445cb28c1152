import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from './exit-codes';

const PROGRAM = fileURLToPath(new URL('../bin/roostctl.mjs', import.meta.url));
/** More than a pipe holds. */
const PROMPT = 'x'.repeat(1_000_000);

describe('the process', { timeout: 60_000 }, () => {
  let env: Record<string, string>;
  beforeAll(async () => {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ items: [{ system_prompt: PROMPT }], next_cursor: null }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const ROOST_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    env = { PATH: process.env['PATH'] ?? '', ROOST_URL };
    return () => void server.close();
  });

  it('writes its whole output into a pipe before it ends', async () => {
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', '"$0" "$1" agents list -o json | cat', process.execPath, PROGRAM],
      { env, maxBuffer: 10_000_000, timeout: 30_000 },
    );
    expect(JSON.parse(stdout)).toEqual([{ system_prompt: PROMPT }]);
  });

  it('ends with Ctrl-C, however often it is pressed, when nobody reads what it writes', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'agents', 'list', '-o', 'json'], {
      env,
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    await once(child.stdout, 'readable');
    const ended = once(child, 'exit');
    for (let pressed = 0; pressed < 3; pressed += 1) child.kill('SIGINT');
    expect(await ended).toEqual([exitCodes.interrupted, null]);
    child.stdout.destroy();
  });
});
