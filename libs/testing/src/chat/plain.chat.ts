import type { OutboundFrame } from '@roost/contracts';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { FrameLog } from './frame.log';

export interface PlainChatOptions {
  /** Sent as `Authorization: Bearer`. */
  key?: string | null | undefined;
  subprotocols?: string[];
  /** The address of the client, as a trusted proxy tells it. */
  address?: string | undefined;
  origin?: string;
  thread_id?: string | undefined;
  last_event_id?: string | undefined;
  stream?: 'tokens' | undefined;
  /** Further query parameters. */
  query?: Record<string, string>;
}

export interface Closed {
  code: number;
  reason: string;
}

/** A client of the plain WebSocket protocol. */
export class PlainChat extends FrameLog {
  /** What arrived, before it was parsed. */
  readonly texts: string[] = [];
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<Closed>;

  private constructor(readonly socket: WebSocket) {
    super();
    socket.on('message', (data) => {
      const received = (data as Buffer).toString('utf8');
      this.texts.push(received);
      this.add(JSON.parse(received) as OutboundFrame);
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }));
    });
  }

  /** Resolves when the upgrade was accepted; credentials are judged after it. */
  static async open(origin: string, agent_id: string, options: PlainChatOptions = {}): Promise<PlainChat> {
    const socket = connect(origin, agent_id, options);
    const chat = new PlainChat(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return chat;
  }

  /** The answer to an upgrade that is refused. */
  static async refusal(
    origin: string,
    agent_id: string,
    options: PlainChatOptions = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const socket = connect(origin, agent_id, options);
    socket.on('error', () => undefined);
    const opened = once(socket, 'open').then(() => {
      socket.terminate();
      throw new Error('the upgrade was accepted');
    });
    const refused = once(socket, 'unexpected-response').then(async (args) => {
      const answer = (args as [unknown, IncomingMessage])[1];
      return {
        status: answer.statusCode ?? 0,
        body: JSON.parse(await text(answer)) as Record<string, unknown>,
      };
    });
    return Promise.race([refused, opened]);
  }

  /** Sends a message as the protocol has it. */
  say(content: string, more: Record<string, unknown> = {}): void {
    this.sendRaw(JSON.stringify({ type: 'message', content, ...more }));
  }

  sendRaw(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** The thread this connection is bound to, once a frame has told. */
  async thread(): Promise<string> {
    const { thread_id } = await this.waitFor((frame) => frame.thread_id !== null);
    return thread_id ?? '';
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  /** Cuts the connection as a lost network does. */
  cut(): void {
    this.socket.terminate();
  }
}

function connect(origin: string, agent_id: string, options: PlainChatOptions): WebSocket {
  const { key, address, subprotocols = [], origin: page, thread_id, last_event_id, stream, query } = options;
  const url = new URL(`/ws/agents/${agent_id}`, origin.replace(/^http/, 'ws'));
  for (const [name, value] of Object.entries({ thread_id, last_event_id, stream, ...query })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return new WebSocket(url, subprotocols, {
    handshakeTimeout: 10_000,
    ...(page === undefined ? {} : { origin: page }),
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(address === undefined ? {} : { 'x-forwarded-for': address }),
    },
  });
}
