import type { RoostClient } from '../api/roost.client';
import type { Terminal } from '../terminal';
import { CommandError, exitCodes } from '../exit-codes';

/** The last lines of an agent's instance; with `follow` until it ends or Ctrl-C. */
export async function logs(
  client: RoostClient,
  terminal: Terminal,
  id: string,
  { tail, follow }: { tail: number; follow: boolean },
): Promise<void> {
  const { response } = await client.GET('/agents/{agent_id}/logs', {
    params: { path: { agent_id: id }, query: { tail, follow } },
    headers: { accept: 'text/plain' },
    parseAs: 'stream',
    signal: terminal.signal,
  });
  try {
    const text = response.body?.pipeThrough(new TextDecoderStream());
    if (text) for await (const part of text) terminal.out(part);
  } catch {
    if (!terminal.signal.aborted)
      throw new CommandError('The log was cut off; follow it again.', exitCodes.unavailable);
  }
}
