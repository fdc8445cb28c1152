import { Inject } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { closeCodes, errorCatalogue, type OutboundFrame, ServiceError } from '@roost/contracts';
import { asServiceError } from '@roost/service-kit/http';
import type { Namespace, Socket } from 'socket.io';
import { z } from 'zod';
import { CONFIG, type ManagerConfig } from '../../config';
import type { ChatConnection, ConnectionRequest } from '../chat-connection';
import type { ChatSession } from '../chat-session';
import { ChatSessions } from '../chat-sessions.service';
import { bearerToken } from '../../access/credential.guard';
import { clientAddress } from './client-address';

/** No NUL: PostgreSQL fails on it. */
const STORABLE = /^[^\0]*$/;

const Auth = z.object({
  agent_id: z.string().min(1).max(64).regex(STORABLE),
  thread_id: z.string().max(64).regex(STORABLE).optional(),
  last_event_id: z.string().max(100).optional(),
  key: z.string().max(20_000).optional(),
});

interface SocketData {
  session?: Promise<ChatSession | null>;
}
type ChatSocket = Socket<Record<string, never>, Record<string, never>, Record<string, never>, SocketData>;

/** Socket.IO, namespace `/agents`: events have the frames' names, and every client gets every type of frame. */
@WebSocketGateway({ namespace: '/agents' })
export class SocketIoGateway
  implements OnGatewayInit<Namespace>, OnGatewayConnection<ChatSocket>, OnGatewayDisconnect<ChatSocket>
{
  constructor(
    private readonly sessions: ChatSessions,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  afterInit(namespace: Namespace): void {
    // Socket.IO opens its main namespace to all; nothing is there.
    namespace.server.of('/').use((_socket, next) => next(new Error('Connect to the namespace /agents.')));
    namespace.use((socket, next) => {
      const auth = Auth.safeParse(socket.handshake.auth);
      if (auth.success) return next();
      const detail = 'Connect with auth: {agent_id, thread_id?, last_event_id?, key?}.';
      next(Object.assign(new Error(detail), { data: { code: 'validation_failed', detail } }));
    });
  }

  handleConnection(socket: ChatSocket): void {
    socket.data.session = this.sessions.admit(connectionOf(socket), this.connectionRequest(socket));
  }

  async handleDisconnect(socket: ChatSocket): Promise<void> {
    const session = await socket.data.session;
    if (session) this.sessions.leave(session);
  }

  /** Acknowledged with the ids once the message is committed, or with the error. */
  @SubscribeMessage('message')
  message(@ConnectedSocket() socket: ChatSocket, @MessageBody() body: unknown): Promise<object> {
    return this.acknowledged(socket, (session) => session.say(ChatSessions.parse(withoutType(body))));
  }

  /** Acknowledged with the ids of what was still owed. */
  @SubscribeMessage('cancel')
  cancel(@ConnectedSocket() socket: ChatSocket, @MessageBody() body: unknown): Promise<object> {
    return this.acknowledged(socket, (session) => {
      ChatSessions.parseCancel(withoutType(body) ?? {});
      return session.cancel();
    });
  }

  /** Acknowledged with what became of the request. */
  @SubscribeMessage('approval')
  approval(@ConnectedSocket() socket: ChatSocket, @MessageBody() body: unknown): Promise<object> {
    return this.acknowledged(socket, (session) =>
      session.decide(ChatSessions.parseApproval(withoutType(body))),
    );
  }

  private async acknowledged(
    socket: ChatSocket,
    work: (session: ChatSession) => Promise<object>,
  ): Promise<object> {
    const session = await socket.data.session;
    if (!session) return acknowledgeError(new ServiceError('unauthorized', 'The connection was refused.'));
    try {
      return await work(session);
    } catch (error) {
      const known = asServiceError(error);
      session.complain(known);
      return acknowledgeError(known);
    }
  }

  private connectionRequest(socket: ChatSocket): ConnectionRequest {
    const auth = Auth.parse(socket.handshake.auth);
    return {
      kind: 'socket_io',
      agent_id: auth.agent_id,
      address: clientAddress(socket.request, this.config.TRUST_PROXY),
      credential: auth.key ?? bearerToken(socket.handshake.headers.authorization),
      thread_id: auth.thread_id,
      last_event_id: auth.last_event_id,
      detailed: true,
    };
  }
}

/** The event's name is the type: one in the payload is not needed, and wrong ones are the schema's to refuse. */
const withoutType = (body: unknown): unknown => (Array.isArray(body) ? body[0] : body);

const acknowledgeError = (error: ServiceError): object => ({
  error: { code: error.code, title: errorCatalogue[error.code].title, detail: error.detail },
});

function connectionOf(socket: ChatSocket): ChatConnection {
  const emit = (event: string, payload: object): void =>
    void (socket as unknown as Socket).emit(event, payload);
  return {
    send: (frame: OutboundFrame) => {
      const { type, ...payload } = frame;
      emit(type, payload);
    },
    unreadBytes: () => unreadBytes(socket),
    close: (reason) => {
      const { code, reason: text } = closeCodes[reason];
      emit('close', { code, reason: text });
      socket.disconnect(true);
    },
  };
}

/** What the underlying WebSocket holds, and what Engine.IO has not handed to it yet. */
function unreadBytes(socket: ChatSocket): number {
  const { transport, writeBuffer } = socket.conn as unknown as {
    transport: { socket?: { bufferedAmount?: number } };
    writeBuffer?: { data?: unknown }[];
  };
  const queued = (writeBuffer ?? []).reduce(
    (sum, { data }) => sum + (typeof data === 'string' ? data.length : 0),
    0,
  );
  return (transport.socket?.bufferedAmount ?? 0) + queued;
}
