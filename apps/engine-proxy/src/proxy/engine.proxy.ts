import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import { requireOwnLabel } from '../calls/container.filters';
import { checkedBody, createRule, limitsInBytes } from '../calls/create.rule';
import { type EngineCall, readCall } from '../calls/engine.call';
import { Refusal } from '../calls/refusal';
import type { ProxyConfig } from '../config';
import { bytesOf, EngineSocket } from './engine.socket';

/** Far more than the launcher's body has. */
const BODY_BYTES_MAX = 1_048_576;
/** Milliseconds a request may take to come in whole. */
const REQUEST_MS = 10_000;
const CONNECTIONS_MAX = 256;
/** Of the engine's answer. Nothing else of its headers is for the manager, none makes the connection another thing. */
const PASSED_HEADERS = [
  'content-type',
  'content-length',
  'api-version',
  'docker-experimental',
  'ostype',
  'server',
  'date',
];

/** Stands between the manager and the Docker Engine: passes what the launcher asks, and nothing else. */
export class EngineProxy {
  private readonly server: Server;
  private readonly engine: EngineSocket;
  private readonly rule: ReturnType<typeof createRule>;
  private readonly label: string;

  constructor(
    private readonly config: ProxyConfig,
    private readonly logger: Logger,
  ) {
    this.engine = new EngineSocket(config.ENGINE_SOCKET);
    this.label = `roost.installation=${config.INSTALLATION}`;
    this.rule = createRule({
      images: config.RUNNER_IMAGES,
      network: config.RUNNER_NETWORK,
      installation: config.INSTALLATION,
      memory_bytes: limitsInBytes(config.RUNNER_MEMORY_MB_MAX),
      nano_cpus: config.RUNNER_CPUS_MAX * 1e9,
      pids: config.RUNNER_PIDS_MAX,
    });
    this.server = createServer(
      { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxHeaderSize: 16_384 },
      (request, response) => void this.answer(request, response),
    );
    this.server.maxConnections = CONNECTIONS_MAX;
    // None of the passed calls becomes another protocol, and nothing is tunnelled.
    const refuse = (_request: IncomingMessage, socket: Duplex): void => {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
    };
    this.server.on('upgrade', refuse).on('connect', refuse);
  }

  /** Resolves with the port. */
  async listen(): Promise<number> {
    this.server.listen(this.config.PROXY_PORT, this.config.PROXY_HOST);
    await once(this.server, 'listening');
    const address = this.server.address();
    return typeof address === 'object' && address ? address.port : this.config.PROXY_PORT;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // Events and logs would go on for ever.
    this.server.closeAllConnections();
    await closed;
    this.engine.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const call = readCall(method, path);
      const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
      const body = await this.check(call, query, request, gone.signal);
      const suffix = query.size === 0 ? '' : `?${query.toString()}`;
      const answer = await this.engine.ask({ method, path: `${path}${suffix}`, body, signal: gone.signal });
      if (path !== '/_ping') this.logger.info({ method, path, status: answer.statusCode }, 'passed');
      response.writeHead(answer.statusCode ?? 502, passed(answer));
      response.flushHeaders();
      await pipeline(answer, response);
    } catch (error) {
      this.refuse(method, path, response, error);
    }
  }

  /** What is handed to the engine as the body; only a new container has one. */
  private async check(
    call: EngineCall,
    query: URLSearchParams,
    request: IncomingMessage,
    signal: AbortSignal,
  ): Promise<Buffer | null> {
    switch (call.kind) {
      case 'create':
        return checkedBody(this.rule, await bytesOf(request, BODY_BYTES_MAX));
      case 'filtered':
        requireOwnLabel(query, this.label);
        break;
      case 'container':
        await this.requireOwn(call.container, signal);
        break;
      case 'ping':
        break;
    }
    // A body that the engine would not read, but a second request could hide in.
    await bytesOf(request, 0);
    return null;
  }

  /** One that is not there is for the engine to deny. */
  private async requireOwn(container: string, signal: AbortSignal): Promise<void> {
    const labels = await this.engine.labelsOf(container, signal);
    if (labels && labels['roost.installation'] !== this.config.INSTALLATION)
      throw new Refusal(`${container} does not bear the label ${this.label}`);
  }

  private refuse(method: string, path: string, response: ServerResponse, error: unknown): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const refusal = error instanceof Refusal ? error : new Refusal('the call failed in the proxy', 502);
    this.logger.warn(
      {
        method,
        path: path.slice(0, 200),
        status: refusal.status,
        reason: refusal.message,
        ...(error === refusal ? {} : { err: error }),
      },
      'refused',
    );
    const body = JSON.stringify({ message: `refused by engine-proxy: ${refusal.message}` });
    // Whatever of the request was not read is not to be taken for another one.
    response.writeHead(refusal.status, { 'content-type': 'application/json', connection: 'close' }).end(body);
  }
}

const passed = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    PASSED_HEADERS.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  );
