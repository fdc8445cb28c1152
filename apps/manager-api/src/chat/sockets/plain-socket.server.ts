import { Inject, Injectable } from '@nestjs/common';
import { closeCodes, FRAME_BYTES_MAX, newRequestId, ServiceError } from '@roost/contracts';
import { asServiceError, problemBody } from '@roost/service-kit/http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { CONFIG, type ManagerConfig } from '../../config';
import { Draining } from '../../http/draining';
import { checkUrl } from '../../http/storable';
import { ConnectionMetrics } from '../../metrics/connection.metrics';
import type { ChatConnection, ConnectionRequest } from '../chat-connection';
import type { ChatSession } from '../chat-session';
import { ChatSessions } from '../chat-sessions.service';
import { clientAddress } from './client-address';
import { handshakeCredential, refuseCredentialInQuery, requestUrl, SUBPROTOCOL } from './handshake';
import { Origins } from './origins';

const PATH = /^\/ws\/agents\/([^/]{1,64})\/?$/;
/** A frame over this ends the connection (1009): more is never held in memory. Smaller ones get an error frame. */
const PAYLOAD_MAX = 4 * FRAME_BYTES_MAX;
const PING_MS = 25_000;
/** Milliseconds a client has to answer a close. */
const CLOSE_MS = 2_000;
/** Frames that may arrive before the client is let in. */
const EARLY_MAX = 32;

/** `ws://host/ws/agents/{agent_id}`: the plain WebSocket protocol (RFC 6455), beside Socket.IO on one port. */
@Injectable()
export class PlainSocketServer {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: PAYLOAD_MAX,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });

  constructor(
    private readonly sessions: ChatSessions,
    private readonly origins: Origins,
    private readonly draining: Draining,
    private readonly metrics: ConnectionMetrics,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /** Takes the upgrades of its own path, leaves Socket.IO's alone and refuses all others. */
  attach(http: Server): void {
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // Exactly what Socket.IO itself takes for its own: anything it leaves alone must not be left alone here.
      if (request.url?.startsWith('/socket.io/')) return;
      socket.on('error', () => socket.destroy());
      try {
        this.draining.refuse();
        const url = requestUrl(request);
        const agent_id = PATH.exec(url.pathname)?.[1];
        if (agent_id === undefined)
          throw new ServiceError('not_found', 'Sockets are at /ws/agents/{agent_id} and /socket.io/.');
        this.origins.check(request.headers.origin);
        refuseCredentialInQuery(url.searchParams);
        checkUrl(request.url);
        const wanted = this.connectionRequest(request, url, agent_id);
        this.server.handleUpgrade(request, socket, head, (webSocket) => void this.welcome(webSocket, wanted));
      } catch (error) {
        const known = asServiceError(error);
        this.metrics.wasRefused('websocket', known.code);
        refuse(socket, known);
      }
    });
  }

  private connectionRequest(request: IncomingMessage, url: URL, agent_id: string): ConnectionRequest {
    return {
      kind: 'websocket',
      agent_id,
      address: clientAddress(request, this.config.TRUST_PROXY),
      credential: handshakeCredential(request),
      thread_id: url.searchParams.get('thread_id') ?? undefined,
      last_event_id: url.searchParams.get('last_event_id') ?? undefined,
      detailed: url.searchParams.get('stream') === 'tokens',
    };
  }

  private async welcome(socket: WebSocket, request: ConnectionRequest): Promise<void> {
    const connection = plainConnection(socket);
    socket.on('error', () => socket.terminate());
    const early: [RawData, boolean][] = [];
    let early_bytes = 0;
    let receive = (data: RawData, binary: boolean): void => {
      early.push([data, binary]);
      early_bytes += sizeOf(data);
      if (early.length > EARLY_MAX || early_bytes > PAYLOAD_MAX) socket.terminate();
    };
    socket.on('message', (data, binary) => receive(data, binary));
    const session = await this.sessions.admit(connection, request);
    if (!session) return;
    const stopPinging = keepAlive(socket);
    const leave = (): void => {
      stopPinging();
      this.sessions.leave(session);
    };
    if (socket.readyState !== socket.OPEN) return leave();
    socket.on('close', leave);
    receive = (data, binary) => handleFrame(session, data, binary);
    for (const [data, binary] of early) receive(data, binary);
  }
}

function handleFrame(session: ChatSession, data: RawData, binary: boolean): void {
  try {
    carryOut(session, readFrame(data, binary)).catch((error: unknown) =>
      session.complain(asServiceError(error)),
    );
  } catch (error) {
    session.complain(asServiceError(error));
  }
}

function carryOut(session: ChatSession, frame: Record<string, unknown>): Promise<unknown> {
  switch (frame['type']) {
    case 'message':
      return session.say(ChatSessions.parse(frame));
    case 'cancel':
      ChatSessions.parseCancel(frame);
      return session.cancel();
    case 'approval':
      return session.decide(ChatSessions.parseApproval(frame));
    default:
      throw new ServiceError(
        'unknown_frame_type',
        'Send {"type":"message","content":"…"}, {"type":"cancel"} or {"type":"approval",…}.',
      );
  }
}

/** The JSON object of a text frame. */
function readFrame(data: RawData, binary: boolean): Record<string, unknown> {
  if (binary) throw new ServiceError('binary_not_supported', 'Send JSON as text.');
  const text = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  if (text.length > FRAME_BYTES_MAX)
    throw new ServiceError('frame_too_large', `A frame may have ${FRAME_BYTES_MAX} bytes.`);
  return parseObject(text.toString('utf8'));
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below, like any other thing that is no object.
  }
  throw new ServiceError(
    'malformed_frame',
    'Send one JSON object a frame: {"type":"message","content":"…"}.',
  );
}

const sizeOf = (data: RawData): number =>
  Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength;

function plainConnection(socket: WebSocket): ChatConnection {
  return {
    send: (frame) => socket.send(JSON.stringify(frame), () => undefined),
    unreadBytes: () => socket.bufferedAmount,
    close: (reason) => {
      const { code, reason: text } = closeCodes[reason];
      socket.close(code, text);
      // A client that does not read, or is gone, does not answer the close either.
      setTimeout(() => socket.terminate(), CLOSE_MS).unref();
    },
  };
}

/** Pings; a client that has not answered the last one when the next is due is gone. */
function keepAlive(socket: WebSocket): () => void {
  let answered = true;
  socket.on('pong', () => (answered = true));
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

function refuse(socket: Duplex, error: ServiceError): void {
  const body = JSON.stringify(problemBody(error, newRequestId()));
  const head = [
    `HTTP/1.1 ${error.status} ${error.code}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
