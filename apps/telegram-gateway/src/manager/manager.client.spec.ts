import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GatewayConfig } from '../config';
import { ManagerClient } from './manager.client';
import { ManagerSilence } from './manager.error';

/** Between two comments of a manager. */
const COMMENT_MS = 15_000;

describe('the stream of a run', () => {
  let server: Server;
  let manager: Promise<ServerResponse>;
  let run: ReturnType<ManagerClient['run']>;
  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    manager = once(server, 'request').then(([, response]) => response as ServerResponse);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const config = { MANAGER_URL: `http://127.0.0.1:${port}`, GATEWAY_API_KEY: 'roost_x' } as GatewayConfig;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    run = new ManagerClient(config).run('agent_1', { content: 'hello' }, new AbortController().signal);
  });
  afterEach(async () => {
    vi.useRealTimers();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const accept = async (): Promise<ServerResponse> => {
    const first = run.next();
    const response = await manager;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: accepted\ndata: {}\n\n');
    expect((await first).value).toMatchObject({ type: 'accepted' });
    return response;
  };
  /** Resolves when the client has begun to wait anew. */
  const heard = async (said: () => void): Promise<void> => {
    const waits = vi.spyOn(globalThis, 'setTimeout');
    said();
    while (waits.mock.calls.length === 0) await new Promise(setImmediate);
    waits.mockRestore();
  };

  it('goes on for as long as the manager says that it is there', async () => {
    const response = await accept();
    const end = run.next();
    for (let quiet_ms = 0; quiet_ms < 120_000; quiet_ms += COMMENT_MS) {
      vi.advanceTimersByTime(COMMENT_MS);
      await heard(() => response.write(': still here\n\n'));
    }
    response.end();
    expect(await end).toMatchObject({ done: true });
  });

  it('is given up when the manager says nothing at all', async () => {
    await accept();
    const end = run.next();
    vi.advanceTimersByTime(40_000);
    await expect(end).rejects.toThrow(ManagerSilence);
  });
});
