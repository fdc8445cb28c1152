import { setTimeout as pause } from 'node:timers/promises';
import { type FrameLog, type Installation, PlainChat, SseReader } from '@roost/testing';

interface Connection {
  heard: FrameLog;
  ended: Promise<unknown>;
  leave(): void;
}

/** A client that stays with a thread: cut off, it comes back to the newest manager, from the last event it heard. */
export class ThreadListener {
  private readonly connections: Connection[] = [];
  private hasLeft = false;
  private readonly listening: Promise<void>;

  constructor(
    private readonly roost: Installation,
    private readonly protocol: 'event stream' | 'websocket',
    private readonly agent_id: string,
    readonly thread_id: string,
  ) {
    this.listening = this.listen();
  }

  get frames() {
    return this.connections.flatMap(({ heard }) => heard.frames);
  }

  /** The ids of the replies it heard, in their order. */
  get replies(): string[] {
    return this.frames.flatMap((frame) => (frame.type === 'message' ? [frame.message_object.id] : []));
  }

  /** How often it had to come back. */
  get reconnects(): number {
    return this.connections.length - 1;
  }

  async leave(): Promise<void> {
    this.hasLeft = true;
    this.connections.at(-1)?.leave();
    await this.listening;
  }

  private async listen(): Promise<void> {
    while (!this.hasLeft) {
      const connection = await this.connect().catch(() => null);
      if (connection) await this.hear(connection);
      await pause(50);
    }
  }

  private async hear(connection: Connection): Promise<void> {
    this.connections.push(connection);
    // Perhaps while it connected.
    if (this.hasLeft) connection.leave();
    await connection.ended;
  }

  private async connect(): Promise<Connection> {
    const { key } = this.roost.api;
    const origin = this.roost.livingManagers.at(-1)?.origin ?? '';
    const last_event_id = this.frames.findLast(({ event_id }) => event_id !== null)?.event_id ?? undefined;
    const from = { key, ...(last_event_id === undefined ? {} : { last_event_id }) };
    if (this.protocol === 'event stream') {
      const stream = await SseReader.open(`${origin}/threads/${this.thread_id}/events`, from);
      return { heard: stream, ended: stream.ended, leave: () => stream.close() };
    }
    const chat = await PlainChat.open(origin, this.agent_id, { ...from, thread_id: this.thread_id });
    return { heard: chat, ended: chat.closed, leave: () => chat.cut() };
  }
}
