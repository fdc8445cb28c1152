import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import { z } from 'zod';
import { LABEL, ofInstallation } from './container-labels';
import type { EngineClient } from './engine.client';

/** A connection that died without a word looks like one on which nothing happens; none is trusted for longer. */
const CONNECTION_MAX_AGE_MS = 60_000;

const BACKOFF = { retries: Infinity, minTimeout: 200, maxTimeout: 10_000, randomize: true } as const;

const containerEvent = z.object({
  time: z.number(),
  Actor: z.object({ Attributes: z.record(z.string(), z.string()) }),
});

/**
 * Calls `onEnd` for each of the installation's containers that died or was removed, until `signal` aborts.
 * Every connection after the first asks for what happened since the last event, by the engine's clock, so that
 * a death between two connections is not missed; some are told twice.
 */
export async function watchEnds(
  engine: EngineClient,
  installation: string,
  onEnd: (instance_id: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let since: number | undefined;
  while (!signal.aborted) {
    try {
      const { stream, connected_at } = await pRetry(() => connect(engine, installation, since, signal), {
        ...BACKOFF,
        signal,
      });
      since ??= connected_at;
      for await (const event of eventsOf(stream)) {
        since = event.time;
        const instance_id = event.Actor.Attributes[LABEL.instance_id];
        if (instance_id) onEnd(instance_id);
      }
    } catch {
      // The connection ended; what it did not tell, the next one will.
    }
    // An engine or proxy that accepts and hangs up at once must not be called in a tight loop.
    await pause(100 + Math.random() * 200, undefined, { signal }).catch(() => undefined);
  }
}

async function connect(
  engine: EngineClient,
  installation: string,
  since: number | undefined,
  signal: AbortSignal,
): Promise<{ stream: NodeJS.ReadableStream; connected_at: number | undefined }> {
  const end = new AbortController();
  const abort = (): void => end.abort();
  signal.addEventListener('abort', abort, { once: true });
  const cleared = (): void => signal.removeEventListener('abort', abort);
  try {
    const stream = await engine.call('events', (expired) => {
      expired.addEventListener('abort', abort, { once: true });
      return engine.docker.getEvents({
        filters: { type: ['container'], event: ['die', 'destroy'], label: [ofInstallation(installation)] },
        ...(since === undefined ? {} : { since }),
        abortSignal: end.signal,
      });
    });
    const recycle = setTimeout(abort, CONNECTION_MAX_AGE_MS);
    stream.once('close', () => {
      clearTimeout(recycle);
      cleared();
    });
    return { stream, connected_at: engineTime(stream) };
  } catch (error) {
    cleared();
    throw error;
  }
}

async function* eventsOf(stream: NodeJS.ReadableStream): AsyncGenerator<z.infer<typeof containerEvent>> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() !== '') yield containerEvent.parse(JSON.parse(line));
    }
  }
}

/** Unix seconds from the answer's Date header: the engine's clock may differ from ours. */
function engineTime(stream: NodeJS.ReadableStream): number | undefined {
  const date = 'headers' in stream ? (stream.headers as { date?: string }).date : undefined;
  const ms = Date.parse(date ?? '');
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
