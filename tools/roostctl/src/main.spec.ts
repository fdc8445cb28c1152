import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../bin/roostctl.mjs', import.meta.url));
/** More than a pipe holds. */
const PROMPT = 'x'.repeat(1_000_000);

it('a pipe is given the whole output before the process ends', { timeout: 60_000 }, async () => {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ items: [{ system_prompt: PROMPT }], next_cursor: null }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', '"$0" "$1" agents list -o json | cat', process.execPath, PROGRAM],
    {
      env: {
        PATH: process.env['PATH'],
        ROOST_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      },
      maxBuffer: 10_000_000,
      timeout: 30_000,
    },
  );
  expect(JSON.parse(stdout)).toEqual([{ system_prompt: PROMPT }]);
});
