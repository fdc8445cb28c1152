import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { LogTail, MAX_LOG_LINES } from '../log-tail';
import type { EngineClient } from './engine.client';

/** Gone, or (409) marked for removal: no logs. */
const NO_LOGS = [404, 409];

/** The last `tail` lines of both outputs in the order in which the engine received them. */
export async function containerLogs(engine: EngineClient, id: string, tail: number): Promise<string[]> {
  if (tail < 1) return [];
  const query = { stdout: true, stderr: true, tail: Math.min(Math.trunc(tail), MAX_LOG_LINES) };
  const lines = await engine.callTolerating(NO_LOGS, `logs of ${id}`, async (signal) => {
    const kept = new LogTail();
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        kept.write(chunk);
        done();
      },
    });
    const stream = await engine.stream(`/containers/${id}/logs`, query, signal);
    engine.docker.modem.demuxStream(stream, sink, sink);
    await finished(stream);
    return kept.lines(tail);
  });
  return lines ?? [];
}
