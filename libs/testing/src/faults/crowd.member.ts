import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient, ApiProblem } from '../api.client';
import { PlainChat } from '../chat/plain.chat';
import { SocketIoChat } from '../chat/socket-io.chat';
import type { Random } from './random';

export const crowdProtocols = ['rest', 'socket.io', 'websocket'] as const;
export type CrowdProtocol = (typeof crowdProtocols)[number];

export interface CrowdMemberOptions {
  name: string;
  agent_id: string;
  protocol: CrowdProtocol;
  key: string | null;
  /** Where managers can be reached now; there may be none. */
  origins: () => string[];
  random: Random;
  deadlineMs: number;
}

interface Acknowledged {
  message_id: string;
  thread_id: string;
}

/** One user on one thread, who says everything again until it has been acknowledged. */
export class CrowdMember {
  readonly acknowledged: Acknowledged[] = [];
  /** Attempts that ended without an acknowledgement. */
  failures: string[] = [];
  private thread_id: string | undefined;
  private plain: PlainChat | undefined;
  private socket: SocketIoChat | undefined;

  constructor(private readonly options: CrowdMemberOptions) {}

  /** Resolves once the service has acknowledged the message. */
  async say(content: string, client_message_id: string): Promise<string> {
    const { deadlineMs, name, random } = this.options;
    const deadline = performance.now() + deadlineMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const acknowledged = await this.attempt(content, client_message_id);
        this.thread_id = acknowledged.thread_id;
        this.acknowledged.push(acknowledged);
        return acknowledged.message_id;
      } catch (error) {
        this.leave();
        this.failures.push(error instanceof Error ? error.message : JSON.stringify(error));
        if (isRefusal(error)) throw error;
        if (performance.now() > deadline) {
          throw new Error(`${name} was not heard in ${deadlineMs / 1_000} s: ${this.failures.at(-1) ?? ''}`);
        }
        await pause(Math.min(1_000, 50 * 2 ** attempt) * (0.5 + random.next() / 2));
      }
    }
  }

  leave(): void {
    this.plain?.cut();
    this.socket?.close();
    this.plain = this.socket = undefined;
  }

  private async attempt(content: string, client_message_id: string): Promise<Acknowledged> {
    const origins = this.options.origins();
    if (origins.length === 0) throw new Error('no manager runs');
    const origin = this.options.random.pick(origins);
    switch (this.options.protocol) {
      case 'rest':
        return this.post(origin, content, client_message_id);
      case 'socket.io':
        this.socket ??= await SocketIoChat.open(origin, this.options.agent_id, this.place());
        return this.socket.said(content, { client_message_id });
      case 'websocket':
        this.plain ??= await PlainChat.open(origin, this.options.agent_id, this.place());
        if (this.plain.socket.readyState !== this.plain.socket.OPEN) throw new Error('the socket is closed');
        this.plain.say(content, { client_message_id, ...this.thread() });
        // This protocol does not acknowledge: the same message over REST tells its id, and is no second one.
        return this.post(origin, content, client_message_id);
    }
  }

  private post(origin: string, content: string, client_message_id: string): Promise<Acknowledged> {
    return new ApiClient(origin, this.options.key).call({
      method: 'POST',
      path: `/agents/${this.options.agent_id}/messages`,
      body: {
        content,
        client_message_id,
        ...this.thread(),
      },
      deadlineMs: 10_000,
    });
  }

  /** Named each time: a connection that could not be told of the thread would begin another. */
  private thread() {
    return this.thread_id === undefined ? {} : { thread_id: this.thread_id };
  }

  private place() {
    return { key: this.options.key, thread_id: this.thread_id };
  }
}

/** The service has said no, and would say so again. */
const isRefusal = (error: unknown): boolean =>
  error instanceof ApiProblem && error.status < 500 && error.status !== 429 && error.status !== 409;
