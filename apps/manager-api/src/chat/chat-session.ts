import {
  type AgentStatusEvent,
  type ApprovalInput,
  isOlderStatus,
  type MessageInput,
  newMessageId,
  newThreadId,
  type OutboundFrame,
  plainFrameTypes,
  ServiceError,
} from '@roost/contracts';
import type { Principal } from '../access/principal';
import { shuttingDown } from '../http/draining';
import type { ChatConnection, ConnectionRequest } from './chat-connection';
import type { ChatServices } from './chat-services';
import { hasRoom } from './reading.pace';
import { errorFrame, requestAsStatus, statusFrame } from './status.frames';
import type { FeedFrame } from './thread-feed.service';

/** Messages of one connection that may wait to be committed. */
const WAITING_MAX = 32;
/** Own messages remembered, so that they are not echoed. */
const OWN_MAX = 200;

/** One client's conversation over one connection: what it hears, and what it says. */
export class ChatSession {
  private thread_id: string | null = null;
  /** A new thread exists once its first message is committed; until then the connection is not bound to it. */
  private bound = false;
  private event_id: string | null = null;
  private shown: AgentStatusEvent | null = null;
  private readonly own = new Set<string>();
  private readonly detailed: boolean;
  private unfollow: () => void = () => undefined;
  private unwatch: () => void = () => undefined;
  private unwatchRestored: () => void = () => undefined;
  private waiting = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private ended = false;
  private refusing = false;

  constructor(
    private readonly connection: ChatConnection,
    readonly principal: Principal,
    readonly request: ConnectionRequest,
    private readonly services: ChatServices,
  ) {
    this.detailed = request.detailed || request.last_event_id !== undefined;
  }

  /** Tells the agent's state and binds the connection to the thread it named. */
  async open(): Promise<void> {
    const { agent_id, thread_id, last_event_id } = this.request;
    this.unwatch = await this.services.topics.onAgentStatus(agent_id, (event) => this.showStatus(event));
    if (thread_id !== undefined) {
      await this.services.access.findThread(this.principal, thread_id, agent_id);
      await this.bind(thread_id, last_event_id ?? null);
    }
    this.unwatchRestored = this.services.topics.onRestored(() => {
      this.lookAtStatus().catch(() => undefined); // The next change of state is shown all the same.
    });
    await this.lookAtStatus();
    if (this.ended) this.end();
  }

  /** Accepts a message after those before it. @throws {ServiceError} */
  say(input: MessageInput): Promise<{ message_id: string; thread_id: string }> {
    return this.inTurn(() => this.accept(input));
  }

  /** Stops what the thread owes, messages sent before this included. @throws {ServiceError} */
  cancel(): Promise<{ message_ids: string[] }> {
    return this.inTurn(async () => {
      if (this.thread_id === null || !this.bound) return { message_ids: [] };
      const { cancelling } = this.services;
      return { message_ids: await cancelling.cancel(this.request.agent_id, this.thread_id) };
    });
  }

  /** Decides on a call that the thread asks approval for. @throws {ServiceError} */
  decide(input: ApprovalInput): Promise<{ approval_id: string; state: string }> {
    return this.inTurn(async () => {
      if (this.thread_id === null || !this.bound)
        throw new ServiceError('approval_not_found', 'Name the thread when you connect.');
      const { approvals } = this.services;
      const { id, state } = await approvals.decide(this.principal, this.thread_id, input);
      return { approval_id: id, state };
    });
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.ended)
      return Promise.reject(new ServiceError('unauthorized', 'The connection is being closed.'));
    if (this.refusing) return Promise.reject(shuttingDown());
    if (this.waiting >= WAITING_MAX) {
      return Promise.reject(
        new ServiceError('too_many_requests', 'Wait until your messages are acknowledged.', {
          retry_after_s: 1,
        }),
      );
    }
    this.waiting += 1;
    const accepted = this.turn.then(() => work()).finally(() => (this.waiting -= 1));
    this.turn = accepted.catch(() => undefined);
    return accepted;
  }

  /** The manager shuts down. Resolves when what was said before has been accepted or refused. */
  async refuseMore(): Promise<void> {
    this.refusing = true;
    await this.turn;
  }

  /** Shows what was wrong with something the client sent; the connection stays. */
  complain(error: ServiceError): void {
    this.send(errorFrame(error, { thread_id: this.thread_id, event_id: this.event_id }));
  }

  end(): void {
    this.ended = true;
    this.unfollow();
    this.unwatch();
    this.unwatchRestored();
  }

  closeWith(reason: Parameters<ChatConnection['close']>[0]): void {
    this.end();
    this.connection.close(reason);
  }

  private async accept(input: MessageInput): Promise<{ message_id: string; thread_id: string }> {
    const thread_id = await this.threadFor(input);
    const message_id = newMessageId();
    this.remember(message_id);
    const { principal, request } = this;
    const accepted = await this.services.messages.accept(
      principal,
      request.address,
      request.agent_id,
      {
        ...input,
        message_id,
        ...(thread_id.begins
          ? { thread_id: undefined, new_thread_id: thread_id.id }
          : { thread_id: thread_id.id }),
      },
      'web',
    );
    if (accepted.thread_id !== this.thread_id) await this.bind(accepted.thread_id, null);
    this.bound = true;
    return { message_id: accepted.message_id, thread_id: accepted.thread_id };
  }

  /** Follows the thread before the message is committed, so that no frame of its answer is missed. */
  private async threadFor({ thread_id }: MessageInput): Promise<{ id: string; begins: boolean }> {
    if (this.thread_id !== null && this.bound) {
      if (thread_id !== undefined && thread_id !== this.thread_id) {
        throw new ServiceError(
          'thread_mismatch',
          `This connection is bound to ${this.thread_id}; open another one for another thread.`,
        );
      }
      return { id: this.thread_id, begins: false };
    }
    if (thread_id !== undefined) {
      await this.services.access.findThread(this.principal, thread_id, this.request.agent_id);
      await this.bind(thread_id, null);
      return { id: thread_id, begins: false };
    }
    const id = newThreadId();
    await this.follow(id, null);
    return { id, begins: true };
  }

  private async bind(thread_id: string, after: string | null): Promise<void> {
    await this.follow(thread_id, after);
    this.bound = true;
  }

  private async follow(thread_id: string, after: string | null): Promise<void> {
    this.unfollow();
    this.thread_id = thread_id;
    this.event_id = after;
    const unfollow = await this.services.feed.follow(
      this.request.agent_id,
      thread_id,
      after,
      (frame) => this.hear(frame),
      () => hasRoom(() => this.connection.unreadBytes(), this.services.buffer_bytes),
    );
    this.unfollow = unfollow;
    if (this.ended) unfollow();
  }

  private hear(frame: FeedFrame): void {
    this.event_id = frame.event_id;
    if (frame.type === 'user_message' && this.own.has(frame.message_object.id)) return;
    if (this.detailed || plainFrameTypes.includes(frame.type)) this.send(frame);
    else if (frame.type === 'approval_request' || frame.type === 'authorization_request')
      this.send(requestAsStatus(frame, this.request.agent_id, this.shown));
  }

  private async lookAtStatus(): Promise<void> {
    const status = await this.services.agents.status(this.request.agent_id);
    if (status) this.showStatus(status);
  }

  private showStatus(status: AgentStatusEvent): void {
    const { state, reason, queue_position } = status;
    if (status.deleted) return this.closeWith('agent_not_found');
    if (isOlderStatus(status, this.shown)) return;
    const isNews = state !== this.shown?.state || queue_position !== this.shown.queue_position;
    this.shown = status;
    if (!isNews) return;
    this.send(
      statusFrame(this.request.agent_id, state, reason, queue_position, {
        thread_id: this.thread_id,
        event_id: this.event_id,
      }),
    );
  }

  private send(frame: OutboundFrame): void {
    if (this.ended) return;
    this.connection.send(frame);
    if (this.connection.unreadBytes() > this.services.buffer_bytes) this.closeWith('too_slow');
  }

  private remember(message_id: string): void {
    this.own.add(message_id);
    if (this.own.size > OWN_MAX) this.own.delete(this.own.values().next().value ?? message_id);
  }
}
