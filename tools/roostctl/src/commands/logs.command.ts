import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { RoostClient } from '../api/roost.client';
import { CommandError, exitCodes } from '../exit-codes';
import type { Terminal } from '../terminal';

interface LogsOptions {
  tail: number;
  follow: boolean;
}

/** Why a log ended before its instance did, and what to do. */
const ends: Record<string, string> = {
  limit_reached: 'The log is longer than may be followed at once; follow it again.',
  unavailable: 'The service does not reach the instance any more; see: roostctl doctor',
  unauthorized: 'The credential does not count any more; set ROOST_API_KEY or --api-key.',
  shutting_down: 'The service shuts down; follow the log again.',
};

/** The last lines of an agent's instance; with `follow` until it ends or Ctrl-C. */
export async function logs(
  client: RoostClient,
  terminal: Terminal,
  id: string,
  { tail, follow }: LogsOptions,
): Promise<void> {
  const { response } = await client.GET('/agents/{agent_id}/logs', {
    params: { path: { agent_id: id }, query: { tail, follow } },
    // Comments keep events alive while nothing is logged.
    headers: { accept: follow ? 'text/event-stream' : 'text/plain' },
    parseAs: 'stream',
    signal: terminal.signal,
  });
  const text = response.body?.pipeThrough(new TextDecoderStream());
  try {
    if (follow) return await followed(text, terminal);
    for await (const part of text ?? []) terminal.out(part);
  } catch (error) {
    if (terminal.signal.aborted) return;
    if (error instanceof CommandError) throw error;
    throw cutOff();
  }
}

async function followed(text: ReadableStream<string> | undefined, terminal: Terminal): Promise<void> {
  for await (const { event, data } of text?.pipeThrough(new EventSourceParserStream()) ?? []) {
    const { line = '', reason = '' } = JSON.parse(data) as { line?: string; reason?: string };
    if (event === 'line') terminal.out(`${line}\n`);
    if (event !== 'end') continue;
    if (reason === 'instance_ended') return;
    throw new CommandError(ends[reason] ?? `The log ended: ${reason}.`, exitCodes.unavailable);
  }
  throw cutOff();
}

const cutOff = (): CommandError =>
  new CommandError('The log was cut off; follow it again.', exitCodes.unavailable);
