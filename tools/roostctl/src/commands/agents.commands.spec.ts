import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { roostClient } from '../api/roost.client';
import { exitCodes } from '../exit-codes';
import { TestTerminal } from '../test.terminal';
import { stop } from './agents.commands';

/** Stops an agent that is `stopping` at first, and then `state`, and waits for it. */
async function stopped(state: string, terminal = new TestTerminal()): Promise<string> {
  const server = createServer(({ method }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ agent_id: 'agent_one', state: method === 'POST' ? 'stopping' : state }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = roostClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'a key');
  await stop(client, terminal, 'agent_one', { force: false, wait: true });
  return terminal.written;
}

it.each(['stopped', 'failed'])('a stop that is waited for ends when the agent is %s', async (state) => {
  expect(await stopped(state)).toBe(`agent_one: ${state}\n`);
});

it('a stop that is waited for fails when the agent runs again', async () => {
  await expect(stopped('starting')).rejects.toMatchObject({
    exit_code: exitCodes.failed,
    message: expect.stringContaining('agent_one is starting again') as string,
  });
});
