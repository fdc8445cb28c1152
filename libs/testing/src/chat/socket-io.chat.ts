import type { OutboundFrame } from '@roost/contracts';
import { io, type Socket } from 'socket.io-client';
import { FrameLog } from './frame.log';
import type { Closed } from './plain.chat';

export interface SocketIoChatOptions {
  key?: string | null | undefined;
  thread_id?: string | undefined;
  last_event_id?: string | undefined;
  /** The address of the client, as a trusted proxy tells it. */
  address?: string | undefined;
  /** A page's origin, as a browser would send it. */
  origin?: string;
  query?: Record<string, string>;
}

const CONNECT_DEADLINE_MS = 15_000;

export type Acknowledgement =
  | { message_id: string; thread_id: string; error?: undefined }
  | { error: { code: string; title: string; detail: string } };

/** A client of the Socket.IO namespace `/agents`. It never reconnects by itself. */
export class SocketIoChat extends FrameLog {
  /** What the service said of the reason, before the connection ended. */
  readonly closed: Promise<Closed>;

  private constructor(readonly socket: Socket) {
    super();
    let told: Closed = { code: 0, reason: 'no reason was told' };
    socket.onAny((event: string, payload: object) => {
      if (event === 'close') told = payload as Closed;
      else this.add({ type: event, ...payload } as OutboundFrame);
    });
    this.closed = new Promise((resolve) => {
      socket.once('disconnect', () => resolve(told));
    });
  }

  /** Resolves when connected; rejects with what the service or the network said. */
  static async open(
    origin: string,
    agent_id: string | undefined,
    options: SocketIoChatOptions = {},
  ): Promise<SocketIoChat> {
    const { key, address, thread_id, last_event_id, origin: page, query } = options;
    const socket = io(`${origin}/agents`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: 10_000,
      ...(query ? { query } : {}),
      extraHeaders: {
        ...(page === undefined ? {} : { origin: page }),
        ...(address === undefined ? {} : { 'x-forwarded-for': address }),
      },
      auth: Object.fromEntries(
        Object.entries({ agent_id, thread_id, last_event_id, key: key ?? undefined }).filter(
          ([, value]) => value !== undefined,
        ),
      ),
    });
    const chat = new SocketIoChat(socket);
    const tooLate = setTimeout(() => socket.disconnect(), CONNECT_DEADLINE_MS);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
        // The connection can end, or hang, between the upgrade and the namespace's answer: no `connect_error` tells.
        socket.once('disconnect', (why) => reject(new Error(`not connected: ${why}`)));
        // A refusal closes before it says why.
        socket.io.once('close', (why) => setImmediate(() => reject(new Error(`not connected: ${why}`))));
      });
    } finally {
      clearTimeout(tooLate);
    }
    return chat;
  }

  /** Sends a message; resolves with its acknowledgement. */
  say(content: string, more: Record<string, unknown> = {}): Promise<Acknowledgement> {
    return this.sendRaw({ content, ...more });
  }

  async sendRaw(payload: unknown): Promise<Acknowledgement> {
    return (await this.socket.timeout(15_000).emitWithAck('message', payload)) as Acknowledgement;
  }

  /** Like {@link say}, for messages that will be accepted. */
  async said(
    content: string,
    more: Record<string, unknown> = {},
  ): Promise<{ message_id: string; thread_id: string }> {
    const acknowledged = await this.say(content, more);
    if (acknowledged.error)
      throw new Error(`refused: ${acknowledged.error.code} ${acknowledged.error.detail}`);
    return acknowledged;
  }

  close(): void {
    this.socket.disconnect();
  }
}
