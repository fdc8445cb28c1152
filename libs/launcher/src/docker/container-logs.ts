import { anySignal } from 'any-signal';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { linesOf } from '../log-lines';
import { LogTail, MAX_LOG_LINES } from '../log-tail';
import { multiplexed } from './multiplexed-output';
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

/** The last `tail` lines of both outputs, then what comes, until the container ends or `signal` aborts. */
export async function* followContainer(
  engine: EngineClient,
  id: string,
  tail: number,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const lines = Math.min(Math.max(Math.trunc(tail), 0), MAX_LOG_LINES);
  const query = { stdout: true, stderr: true, follow: true, tail: lines };
  const call = `follow the logs of ${id}`;
  const end = new AbortController();
  const until = anySignal([signal, end.signal]);
  try {
    const stream = await engine.callTolerating(NO_LOGS, call, (expired) => {
      expired.addEventListener('abort', () => end.abort(), { once: true });
      return engine.stream(`/containers/${id}/logs`, query, until);
    });
    if (stream) yield* linesOf(multiplexed(stream));
  } catch (error) {
    if (!signal.aborted) throw engine.explained(call, error);
  } finally {
    end.abort();
    until.clear();
  }
}
