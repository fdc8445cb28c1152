import { type V1Pod, Watch } from '@kubernetes/client-node';
import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { PresentInstance } from '../launcher';
import type { ClusterClient } from './cluster.client';
import type { ResolvedKubernetesOptions } from './kubernetes.options';
import { MARK, ofInstallation } from './pod-labels';
import { listPods } from './pod-list';

/** A connection that died without a word looks like one on which nothing happens; none is trusted for longer. */
const CONNECTION_SECONDS = 60;

const BACKOFF = { retries: Infinity, minTimeout: 200, maxTimeout: 10_000, randomize: true } as const;

type WatchOptions = Pick<ResolvedKubernetesOptions, 'namespace' | 'installation'>;

/**
 * Calls `onEnd` for each of the installation's pods that ended or was removed, until `signal` aborts. A watch goes
 * on where the one before it ended; when that version is no longer kept (410), pods are listed anew, and what the
 * list does not show any more counts as removed. Some ends are told twice.
 */
export async function watchEnds(
  cluster: ClusterClient,
  options: WatchOptions,
  observe: (pod: V1Pod) => PresentInstance | undefined,
  onEnd: (instance_id: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const present = new Set<string>();
  const see = (pod: V1Pod, removed = false): void => {
    const instance_id = pod.metadata?.annotations?.[MARK.instance_id];
    const seen = observe(pod);
    if (!instance_id || !seen || signal.aborted) return;
    if (removed) present.delete(instance_id);
    else present.add(instance_id);
    if (removed || seen.state === 'exited') onEnd(instance_id);
  };
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      version ??= await pRetry(() => relist(cluster, options, present, see, onEnd), { ...BACKOFF, signal });
      version = await follow(cluster, options, version, see, signal);
    } catch {
      // The connection ended; what it did not tell, the next one will.
      version = undefined;
    }
    // A server or proxy that accepts and hangs up at once must not be called in a tight loop.
    await pause(100 + Math.random() * 200, undefined, { signal }).catch(() => undefined);
  }
}

async function relist(
  cluster: ClusterClient,
  options: WatchOptions,
  present: Set<string>,
  see: (pod: V1Pod) => void,
  onEnd: (instance_id: string) => void,
): Promise<string> {
  const { pods, version } = await listPods(cluster, options);
  const listed = new Set(pods.map((pod) => pod.metadata?.annotations?.[MARK.instance_id]));
  for (const instance_id of present) {
    if (listed.has(instance_id)) continue;
    present.delete(instance_id);
    onEnd(instance_id);
  }
  for (const pod of pods) see(pod);
  return version;
}

/** Resolves with the version to go on from when the connection ended; undefined when that version is gone. */
async function follow(
  cluster: ClusterClient,
  { namespace, installation }: WatchOptions,
  from: string,
  see: (pod: V1Pod, removed: boolean) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  let version: string | undefined = from;
  const query = {
    resourceVersion: from,
    allowWatchBookmarks: true,
    labelSelector: ofInstallation(installation),
    timeoutSeconds: CONNECTION_SECONDS,
  };
  const path = `/api/v1/namespaces/${namespace}/pods`;
  let end: (error: unknown) => void = () => undefined;
  const ended = new Promise<unknown>((resolve) => (end = resolve));
  const onEvent = (type: string, pod: V1Pod): void => {
    if (type === 'ERROR') {
      version = undefined;
      end(null);
      return;
    }
    version = pod.metadata?.resourceVersion ?? version;
    if (type !== 'BOOKMARK') see(pod, type === 'DELETED');
  };
  const connection = new Watch(cluster.config).watch(path, query, onEvent, (error: unknown) => end(error));
  // Not even asked, as when a credential cannot be had.
  connection.catch(end);
  const abort = (): void => end(null);
  const recycle = setTimeout(abort, (CONNECTION_SECONDS + 5) * 1000);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const error = await ended;
    // Whatever else went wrong: a list, tried with backoff, tells when the server is back.
    return error ? undefined : version;
  } finally {
    clearTimeout(recycle);
    signal.removeEventListener('abort', abort);
    void connection.then(
      (controller) => controller.abort(),
      () => undefined,
    );
  }
}
