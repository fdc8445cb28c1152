import { ApiException } from '@kubernetes/client-node';
import { anySignal } from 'any-signal';
import { once } from 'node:events';
import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { linesOf } from '../log-lines';
import { MAX_LOG_LINES } from '../log-tail';
import type { ClusterClient } from './cluster.client';
import { CONTAINER } from './pod-labels';
import { NO_LOGS } from './pod-logs';

/** A connection that died without a word looks like one on which nothing is logged; its socket tells them apart. */
const KEEP_ALIVE_MS = 30_000;

/**
 * The last `tail` lines of both outputs, then what comes, until the container ends or `signal` aborts. The client's
 * own `Log` does not tell a connection that was cut from one on which nothing happens.
 */
export async function* followPod(
  cluster: ClusterClient,
  namespace: string,
  name: string,
  tail: number,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const tailLines = Math.min(Math.max(Math.trunc(tail), 0), MAX_LOG_LINES);
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?container=${CONTAINER}&follow=true&tailLines=${tailLines}`;
  const call = `follow the logs of ${name}`;
  const end = new AbortController();
  const until = anySignal([signal, end.signal]);
  try {
    const answer = await cluster.callTolerating(NO_LOGS, call, (_options, expired) => {
      expired.addEventListener('abort', () => end.abort(), { once: true });
      return answerTo(cluster, path, until);
    });
    if (answer) yield* linesOf(answer);
  } catch (error) {
    if (!signal.aborted) throw cluster.explained(call, error);
  } finally {
    end.abort();
    until.clear();
  }
}

async function answerTo(cluster: ClusterClient, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const options: RequestOptions = { signal };
  await cluster.config.applyToHTTPSOptions(options);
  const url = `${cluster.config.getCurrentCluster()?.server ?? ''}${path}`;
  const request = url.startsWith('https:')
    ? overHttps(url, options)
    : overHttp(url, { ...options, agent: false });
  request.setSocketKeepAlive(true, KEEP_ALIVE_MS);
  request.end();
  const [answer] = (await once(request, 'response', { signal })) as [IncomingMessage];
  if (answer.statusCode === 200) return answer;
  throw new ApiException(answer.statusCode ?? 500, 'no logs', await text(answer), {});
}
