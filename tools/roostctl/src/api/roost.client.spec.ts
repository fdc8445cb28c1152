import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { exitCodes } from '../exit-codes';
import { roostClient, type RoostClient } from './roost.client';

async function clientOf(answer: (response: ServerResponse) => void): Promise<RoostClient> {
  const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return roostClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'a key', 200);
}

it.each<[string, (response: ServerResponse) => void]>([
  ['does not begin', () => undefined],
  ['does not end', (response) => void response.write('{ "items": [')],
])('an answer that %s in time is one of a service that is away', async (_, answer) => {
  const client = await clientOf(answer);
  await expect(client.GET('/agents')).rejects.toMatchObject({
    exit_code: exitCodes.unavailable,
    message: expect.stringContaining('does not answer (no whole answer within 0.2 s)') as string,
  });
});

it('a stream of events goes on after the deadline', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let end = (): void => undefined;
  const client = await clientOf((response) => {
    response.write('event: line\ndata: {}\n\n');
    end = () => response.end('event: end\ndata: {}\n\n');
  });
  const { response } = await client.GET('/agents/{agent_id}/logs', {
    params: { path: { agent_id: 'agent_one' } },
    headers: { accept: 'text/event-stream' },
    parseAs: 'stream',
  });
  vi.advanceTimersByTime(1_000);
  end();
  expect(await response.text()).toContain('event: end');
});

it('an answer without content is one', async () => {
  const client = await clientOf((response) => void response.writeHead(204).end());
  const path = { agent_id: 'agent_one' };
  expect((await client.DELETE('/agents/{agent_id}', { params: { path } })).response.status).toBe(204);
});
