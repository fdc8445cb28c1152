import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { roostClient } from '../api/roost.client';
import { exitCodes } from '../exit-codes';
import { TestTerminal } from '../test.terminal';
import { logs } from './logs.command';

/** What `logs -f` writes when the service answers as `answer` does. */
async function followed(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ terminal: TestTerminal; ended: Promise<void> }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const terminal = new TestTerminal();
  const client = roostClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'a key');
  return { terminal, ended: logs(client, terminal, 'agent_one', { tail: 10, follow: true }) };
}

const events = (...texts: string[]): string => texts.map((text) => `${text}\n\n`).join('');
const line = (text: string): string => `event: line\ndata: ${JSON.stringify({ line: text })}`;
const end = (reason: string): string => `event: end\ndata: ${JSON.stringify({ reason })}`;

it('a log is followed as events, whose comments keep a silent one alive', async () => {
  let accept: string | undefined;
  const { terminal, ended } = await followed((request, response) => {
    accept = request.headers.accept;
    response.setHeader('content-type', 'text/event-stream');
    response.end(events(line('one'), ': still here', line('größer'), end('instance_ended')));
  });
  await ended;
  expect(accept).toBe('text/event-stream');
  expect(terminal.written).toBe('one\ngrößer\n');
});

it.each([
  ['the service shuts down', 'shutting_down', 'follow the log again'],
  ['the credential is revoked', 'unauthorized', 'set ROOST_API_KEY'],
  ['of a reason that is new', 'other', 'The log ended: other.'],
])('a log that ends because %s says so, and fails', async (_, reason, message) => {
  const { terminal, ended } = await followed((_request, response) =>
    response.end(events(line('one'), end(reason))),
  );
  await expect(ended).rejects.toMatchObject({
    exit_code: exitCodes.unavailable,
    message: expect.stringContaining(message) as string,
  });
  expect(terminal.written).toBe('one\n');
});

it('a log that is cut off does not look whole', async () => {
  const { ended } = await followed((_request, response) => response.end(events(line('one'))));
  await expect(ended).rejects.toThrow('The log was cut off; follow it again.');
});
