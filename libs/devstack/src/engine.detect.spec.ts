import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { detectEngine, engineForTests } from './engine.detect';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'engine-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
  vi.unstubAllEnvs();
});

async function withEngine(listener: RequestListener, test: (host: string) => Promise<void>): Promise<void> {
  const socket = join(dir, 'docker.sock');
  const server = createServer(listener).listen(socket);
  await once(server, 'listening');
  try {
    await test(`unix://${socket}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('detectEngine', () => {
  it('finds an engine that answers', async () => {
    await withEngine(
      (request, response) => response.writeHead(request.url === '/_ping' ? 200 : 404).end('OK'),
      async (host) => {
        expect(await detectEngine(host)).toEqual({ available: true, host });
      },
    );
  });

  it('says why there is none', async () => {
    const host = `unix://${join(dir, 'none.sock')}`;
    expect(await detectEngine(host)).toEqual({
      available: false,
      reason: `no Docker Engine answers at ${host} (ENOENT)`,
    });
    expect(await detectEngine('ssh://far')).toMatchObject({ available: false });
  });

  it('does not wait for one that hangs', async () => {
    await withEngine(
      () => undefined,
      async (host) => {
        expect(await detectEngine(host)).toMatchObject({
          reason: expect.stringContaining('no answer in 3 s') as string,
        });
      },
    );
  });
});

it('engineForTests fails where the engine is required', async () => {
  vi.stubEnv('DOCKER_HOST', `unix://${join(dir, 'none.sock')}`);
  vi.stubEnv('ROOST_REQUIRE_ENGINE', '');
  expect(await engineForTests()).toMatchObject({ available: false });
  vi.stubEnv('ROOST_REQUIRE_ENGINE', '1');
  await expect(engineForTests()).rejects.toThrow('start dockerd');
});
