import { ApiException, Log } from '@kubernetes/client-node';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { LogTail, MAX_LOG_LINES } from '../log-tail';
import type { ClusterClient } from './cluster.client';
import { CONTAINER } from './pod-labels';

/** Gone, or (400) not begun yet: no logs. */
export const NO_LOGS = [400, 404];

/** The last `tail` lines of both outputs in the order in which the node received them. */
export async function podLogs(
  cluster: ClusterClient,
  namespace: string,
  name: string,
  tail: number,
): Promise<string[]> {
  if (tail < 1) return [];
  const tailLines = Math.min(Math.trunc(tail), MAX_LOG_LINES);
  const lines = await cluster.callTolerating(NO_LOGS, `logs of ${name}`, async (_options, signal) => {
    const kept = new LogTail();
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        kept.write(chunk);
        done();
      },
    });
    const request = await new Log(cluster.config).log(namespace, name, CONTAINER, sink, { tailLines });
    // The client ends the sink on a whole answer only; on a cut one, the deadline does.
    signal.addEventListener('abort', () => {
      request.abort();
      sink.destroy(new ApiException(500, 'the logs were cut', undefined, {}));
    });
    await finished(sink);
    return kept.lines(tail);
  });
  return lines ?? [];
}
