import type { Provider } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import { ServiceError } from '@roost/contracts';
import { NestLogger } from '@roost/service-kit';
import { KEEP_ALIVE_MS, requestId } from '@roost/service-kit/http';
import { json, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { isUtf8 } from 'node:buffer';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { AppModule } from './app.module';
import { ChatSessions } from './chat/chat-sessions.service';
import { StreamsService } from './chat/streams.service';
import { trustProxy } from './chat/sockets/client-address';
import { PlainSocketServer } from './chat/sockets/plain-socket.server';
import { ChatIoAdapter } from './chat/sockets/socket-io.adapter';
import { refuseCredentialInQuery, requestUrl } from './chat/sockets/handshake';
import type { ManagerConfig } from './config';
import { isMultipart } from './knowledge/documents/upload.receiver';
import { LogsService } from './logs/logs.service';
import { serveApiDocs } from './openapi/serve';
import { Draining } from './http/draining';
import type { Listener } from './http/listeners';
import { refuseUnstorable } from './http/storable';
import { HttpMetrics } from './metrics/http.metrics';

const BODY_MAX = '1mb';
/** Checkpoints of long threads are larger than what clients send. */
const INTERNAL_BODY_MAX = '32mb';

/** Milliseconds of a shutdown kept for what comes after the last answer. */
const CLOSING_MS = 5_000;
/** Milliseconds that answers under way have to end after a shutdown began. */
const drainMs = ({ SHUTDOWN_SECONDS }: ManagerConfig): number =>
  Math.max(SHUTDOWN_SECONDS * 500, SHUTDOWN_SECONDS * 1_000 - CLOSING_MS);

export interface RunningManager {
  app: NestExpressApplication;
  public_port: number;
  internal_port: number;
  close(): Promise<void>;
}

/** Builds the application without listening. */
export async function createApp(
  config: ManagerConfig,
  logger: Logger,
  replaced: Provider[] = [],
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(config, logger, replaced), {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.set('trust proxy', trustProxy(config.TRUST_PROXY));
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(requestId);
  app.use(app.get(HttpMetrics).middleware);
  app.use(
    pinoHttp({
      logger,
      genReqId: (request: IncomingMessage) => request.request_id ?? '',
      customLogLevel: logLevel,
      serializers: logSerializers,
    }),
  );
  app.use(helmet());
  app.use(app.get(Draining).middleware);
  app.use((request: Request, _response: Response, next: NextFunction) => {
    refuseCredentialInQuery(requestUrl(request).searchParams);
    next();
  });
  app.use(bodyParser);
  app.use(refuseUnstorable);
  app.useWebSocketAdapter(new ChatIoAdapter(app));
  if (config.API_DOCS) serveApiDocs(app);
  return app;
}

/** Listens on both ports. `replaced` take the place of providers of the same token. */
export async function startManager(
  config: ManagerConfig,
  logger: Logger,
  replaced: Provider[] = [],
): Promise<RunningManager> {
  const app = await createApp(config, logger, replaced);
  app.get(PlainSocketServer).attach(app.getHttpServer());
  const internal = createServer((request, response) => {
    request.listener = 'internal';
    (app.getHttpAdapter().getInstance() as (request: unknown, response: unknown) => void)(request, response);
  });
  for (const server of [app.getHttpServer(), internal]) server.keepAliveTimeout = KEEP_ALIVE_MS;
  await app.listen(config.MANAGER_PORT, config.MANAGER_HOST);
  await listen(internal, config.INTERNAL_PORT, config.MANAGER_HOST);
  return {
    app,
    public_port: portOf(app.getHttpServer()),
    internal_port: portOf(internal),
    close: async () => {
      // Whoever routes to this manager looks at /readyz; those that come all the same are told to come back.
      app.get(Draining).begin();
      await app.get(ChatSessions).closeAll();
      app.get(StreamsService).endAll();
      app.get(LogsService).endAll();
      const server = app.getHttpServer();
      setTimeout(() => server.closeAllConnections(), drainMs(config)).unref();
      await app.close();
      internal.closeAllConnections();
      internal.close();
    },
  };
}

const parsePublic = json({ limit: BODY_MAX, strict: false, verify: checkEncoding });
const parseInternal = json({ limit: INTERNAL_BODY_MAX, strict: false });

/** Invalid bytes would be replaced silently. */
function checkEncoding(_request: unknown, _response: unknown, body: Buffer): void {
  // Without a status of its own the parser would call it forbidden.
  if (!isUtf8(body))
    throw Object.assign(new Error('The body is not JSON in UTF-8'), {
      type: 'encoding.invalid',
      status: 400,
    });
}

function bodyParser(request: Request, response: Response, next: NextFunction): void {
  const parser: (request: Request, response: Response, next: NextFunction) => void =
    (request.listener satisfies Listener | undefined) === 'internal' ? parseInternal : parsePublic;
  // Read by the one route that takes it, once the credential was checked; others find no body.
  if (isMultipart(request)) return next();
  const hasBody =
    Number(request.get('content-length') ?? 0) > 0 || request.get('transfer-encoding') !== undefined;
  if (hasBody && request.is('json') === false) {
    throw new ServiceError(
      'unsupported_media_type',
      'Send JSON with the header Content-Type: application/json.',
    );
  }
  parser(request, response, next);
}

/** Health checks and successes are noise; failures of ours are not. */
function logLevel(
  request: IncomingMessage,
  response: { statusCode: number },
  error?: Error,
): 'debug' | 'info' | 'error' | 'trace' {
  if (error || response.statusCode >= 500) return 'error';
  return request.url === '/livez' || request.url === '/readyz' || request.url === '/metrics'
    ? 'trace'
    : request.url?.startsWith('/internal/')
      ? 'debug'
      : 'info';
}

/** No bodies and no headers: they carry messages and credentials. */
const logSerializers = {
  req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({
    request_id: id,
    method,
    path: url.split('?')[0],
  }),
  res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
};

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
