import { EventSourceParserStream } from 'eventsource-parser/stream';
import { randomUUID } from 'node:crypto';
import type { RoostClient } from '../api/roost.client';
import { CommandError, exitCodes } from '../exit-codes';
import type { Terminal } from '../terminal';

interface Frame {
  thread_id?: string;
  content?: string;
}

/** Says one thing, or what a person types until the end of the input; answers appear as they are made. */
export async function chat(
  client: RoostClient,
  terminal: Terminal,
  id: string,
  options: { message?: string | undefined; thread?: string | undefined },
): Promise<void> {
  if (options.message !== undefined) {
    await say(client, terminal, id, options.message, options.thread);
    return;
  }
  terminal.err('Ctrl-D ends the chat, not the agent.\n');
  let thread = options.thread;
  while (!terminal.signal.aborted) {
    const line = await terminal.ask('> ');
    if (line === null) return;
    if (line.trim() !== '') thread = await say(client, terminal, id, line, thread);
  }
}

/** @returns the thread. @throws {CommandError} when the run failed. */
async function say(
  client: RoostClient,
  terminal: Terminal,
  id: string,
  content: string,
  thread_id: string | undefined,
): Promise<string | undefined> {
  const { response } = await client.POST('/agents/{agent_id}/messages', {
    params: { path: { agent_id: id } },
    body: { content, client_message_id: randomUUID(), ...(thread_id === undefined ? {} : { thread_id }) },
    headers: { accept: 'text/event-stream' },
    parseAs: 'stream',
    signal: terminal.signal,
  });
  let thread = thread_id;
  let written = '';
  try {
    const events = response.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { event, data } of events ?? []) {
      const frame = JSON.parse(data) as Frame;
      thread = frame.thread_id ?? thread;
      const text = frame.content ?? '';
      if (event === 'error') throw new CommandError(text);
      if (event === 'approval_request') terminal.err(`${text}\n`);
      if (event === 'token') {
        written += text;
        terminal.out(text);
      }
      if (event !== 'message') continue;
      // Without tokens, or with others than those of the reply, it is written whole.
      terminal.out(written === text ? '\n' : `${written === '' ? '' : '\n'}${text}\n`);
      return thread;
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (terminal.signal.aborted)
      throw new CommandError('Interrupted; the agent goes on.', exitCodes.interrupted);
  }
  throw new CommandError(
    `The stream ended before the reply, which is in thread ${thread ?? 'unknown'}.`,
    exitCodes.unavailable,
  );
}
