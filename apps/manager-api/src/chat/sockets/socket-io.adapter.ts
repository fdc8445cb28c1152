import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { FRAME_BYTES_MAX } from '@roost/contracts';
import { asServiceError } from '@roost/service-kit/http';
import { lastValueFrom, type Observable } from 'rxjs';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { ConnectionMetrics } from '../../metrics/connection.metrics';
import { refuseCredentialInQuery, requestUrl } from './handshake';
import { Origins } from './origins';

interface Payload {
  data: unknown;
  /** Acknowledges the event to a client that asked for it. */
  ack?: unknown;
}

/** Socket.IO on the same port as plain WebSocket: it must leave upgrades of other paths alone. */
export class ChatIoAdapter extends IoAdapter {
  private readonly origins: Origins;
  private readonly metrics: ConnectionMetrics;

  constructor(app: INestApplication) {
    super(app);
    this.origins = app.get(Origins);
    this.metrics = app.get(ConnectionMetrics);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    return super.createIOServer(port, {
      ...options,
      transports: ['websocket'],
      destroyUpgrade: false,
      serveClient: false,
      maxHttpBufferSize: 4 * FRAME_BYTES_MAX,
      pingInterval: 25_000,
      pingTimeout: 20_000,
      connectTimeout: 5_000,
      allowRequest: (request, decide) => {
        try {
          this.origins.check(request.headers.origin);
          refuseCredentialInQuery(requestUrl(request).searchParams);
          decide(null, true);
        } catch (error) {
          const { code, detail } = asServiceError(error);
          this.metrics.wasRefused('socket_io', code);
          decide(detail, false);
        }
      },
    } as ServerOptions);
  }

  /** One listener a connection: Nest's own adapter keeps a chain of subscriptions for each event of each idle one. */
  override bindMessageHandlers(
    socket: Socket,
    handlers: MessageMappingProperties[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    socket.onAny((event: string, ...sent: unknown[]) => {
      const handler = handlers.find(({ message }) => message === event);
      if (!handler) return;
      const payload: Payload = this.mapPayload(sent.length === 1 ? sent[0] : sent);
      const acknowledge = payload.ack as ((answer: unknown) => void) | undefined;
      lastValueFrom(transform(handler.callback(payload.data, acknowledge)))
        .then((answer) => acknowledge?.(answer))
        .catch((error: unknown) => this.logger.error(error));
    });
  }
}
