import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Kubelet, type KubeletOptions } from './kubelet';
import { type KubernetesFaults, noFaults } from './kubernetes.faults';
import { selected } from './label.selector';
import { admit, checkUpdate } from './pod.admission';
import { strategicMerge } from './pod.patch';
import type { PodLog } from './pod.log';
import { PodStore } from './pod.store';
import { ApiRefusal, type WirePod } from './pod.types';
import { serveWatch } from './pod.watch';

const PODS = /^\/api\/v1\/namespaces\/([^/]+)\/pods(?:\/([^/]+))?(\/log)?$/;

export type KubernetesStandInOptions = Partial<KubeletOptions> & Pick<KubeletOptions, 'command'>;

/** The pods of a cluster's API server, and one node that runs them as child processes. */
export class KubernetesStandIn {
  readonly faults: KubernetesFaults = noFaults();
  readonly store = new PodStore();
  readonly kubelet: Kubelet;
  /** Method and path of every request heard, in order. */
  readonly journal: string[] = [];
  private readonly server: Server;
  private readonly watches = new Set<() => void>();

  private constructor(options: KubernetesStandInOptions) {
    this.kubelet = new Kubelet(this.store, this.faults, { scheduling_ms: 20, ...options });
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async start(options: KubernetesStandInOptions): Promise<KubernetesStandIn> {
    const standIn = new KubernetesStandIn(options);
    standIn.server.listen(0, '127.0.0.1');
    await once(standIn.server, 'listening');
    return standIn;
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Cuts every open connection, as a server that restarts does. */
  cutAll(): void {
    this.server.closeAllConnections();
  }

  /** Ends every watch as a server does whose time for it is over: the client may go on from where it was. */
  endWatches(): void {
    for (const end of this.watches) end();
    this.watches.clear();
  }

  async close(): Promise<void> {
    this.kubelet.close();
    this.server.close();
    this.cutAll();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const what = `${request.method ?? ''} ${url.pathname}${url.search}`;
    const { faults } = this;
    if (faults.away?.test(what)) return void request.socket.destroy();
    this.journal.push(what);
    if (faults.latency_ms > 0) await pause(faults.latency_ms);
    if (faults.hang?.test(what)) return;
    try {
      const body = await bodyOf(request);
      if (url.searchParams.get('watch') === 'true')
        return void this.watches.add(serveWatch(this.store, url, response));
      if (url.searchParams.get('follow') === 'true') return void this.logOf(url).serve(tailOf(url), response);
      const result = this.act(request.method ?? '', url, body);
      if (faults.lose_answer?.test(what)) return void request.socket.destroy();
      send(response, request.method === 'POST' ? 201 : 200, result);
    } catch (error) {
      if (error instanceof ApiRefusal) return send(response, error.code, error.body);
      send(response, 500, new ApiRefusal(500, 'InternalError', String(error)).body);
    }
  }

  private act(method: string, url: URL, body: unknown): object | string {
    const [, namespace = '', name = '', log] = PODS.exec(url.pathname) ?? [];
    if (namespace === '') throw new ApiRefusal(404, 'NotFound', 'the server could not find the resource');
    if (log) return this.logOf(url).tail(tailOf(url));
    switch (`${method} ${name === '' ? 'pods' : 'pod'}`) {
      case 'GET pods':
        return this.list(namespace, url.searchParams);
      case 'POST pods':
        return this.create(namespace, body);
      case 'GET pod':
        return this.store.get(namespace, name);
      case 'DELETE pod': {
        const grace = url.searchParams.get('gracePeriodSeconds');
        return this.store.delete(namespace, name, grace === null ? undefined : Number(grace));
      }
      case 'PATCH pod':
        return this.store.update(namespace, name, (pod) => {
          const before = structuredClone(pod);
          strategicMerge(pod, body);
          checkUpdate(before, pod);
        });
      default:
        throw new ApiRefusal(
          405,
          'MethodNotAllowed',
          'the server does not allow this method on the resource',
        );
    }
  }

  private create(namespace: string, body: unknown): WirePod {
    const pod = admit(namespace, body);
    const forbidden = (why: string): ApiRefusal =>
      new ApiRefusal(403, 'Forbidden', `pods "${pod.metadata.name}" is forbidden: ${why}`);
    if (this.faults.denied !== null) throw forbidden(this.faults.denied);
    const { pods_max } = this.faults;
    if (pods_max !== null && this.store.list(namespace).length >= pods_max) {
      throw forbidden(
        `exceeded quota: pods, requested: pods=1, used: pods=${pods_max}, limited: pods=${pods_max}`,
      );
    }
    return this.store.add(pod);
  }

  private list(namespace: string, query: URLSearchParams): object {
    const all = this.store.list(namespace).filter(selected(query.get('labelSelector')));
    const from = Number(query.get('continue') ?? 0);
    const until = from + Number(query.get('limit') ?? all.length);
    const more = until < all.length ? { continue: String(until) } : {};
    const metadata = { resourceVersion: String(this.store.version), ...more };
    return { kind: 'PodList', apiVersion: 'v1', metadata, items: all.slice(from, until) };
  }

  private logOf(url: URL): PodLog {
    const [, namespace = '', name = ''] = PODS.exec(url.pathname) ?? [];
    const log = this.kubelet.logs(this.store.get(namespace, name));
    if (!log) throw new ApiRefusal(400, 'BadRequest', 'container "runner" is waiting to start');
    return log;
  }
}

const tailOf = (url: URL): number => Number(url.searchParams.get('tailLines') ?? Infinity);

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}

function send(response: ServerResponse, status: number, body: object | string): void {
  const text = typeof body === 'string';
  response.writeHead(status, { 'content-type': text ? 'text/plain' : 'application/json' });
  response.end(text ? body : JSON.stringify(body));
}
