import { Inject, Injectable } from '@nestjs/common';
import { errorCatalogue, type InboxEntry, newMessageId, newThreadId, ServiceError } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { inSpan, traceparent } from '@roost/service-kit/tracing';
import type { Logger } from 'pino';
import { hasScope, ownerOf, type Principal } from '../access/principal';
import { agentNotFound } from '../agents/agent.views';
import { CancellingService } from '../cancelling/cancelling.service';
import { CONFIG, type ManagerConfig } from '../config';
import { InboxService } from '../lifecycle/inbox.service';
import { LifecycleService } from '../lifecycle/lifecycle.service';
import { Limits } from '../limits/limits.service';
import { LOGGER } from '../logging';
import { ManagerMetrics } from '../metrics/manager.metrics';
import { userMessageFrame } from './message.views';
import { type Acceptance, MessagesRepository, type NewMessage } from './messages.repository';

/** What a client says, whatever the channel. */
export interface MessageToAccept {
  content: string;
  /** Of the message, when the caller chose it beforehand. */
  message_id?: string | undefined;
  /** An existing thread, which the caller may write to. */
  thread_id?: string | undefined;
  /** The id of the thread to begin, when the caller chose it beforehand. */
  new_thread_id?: string | undefined;
  client_message_id?: string | undefined;
  user_id?: string | undefined;
  user_data?: Record<string, unknown> | undefined;
  channel?: string | undefined;
}

export interface AcceptedMessage {
  message_id: string;
  thread_id: string;
  /** The message had been accepted before: nothing was done. */
  repeated: boolean;
}

@Injectable()
export class MessagesService {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly lifecycle: LifecycleService,
    private readonly inbox: InboxService,
    private readonly cancelling: CancellingService,
    private readonly limits: Limits,
    private readonly messaging: Messaging,
    private readonly metrics: ManagerMetrics,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves once the message is committed; from then on it ends in one reply or one visible failure.
   * The caller has checked that the principal may talk to the agent and write to the thread.
   */
  async accept(
    principal: Principal,
    address: string,
    agent_id: string,
    message: MessageToAccept,
    channel: string,
  ): Promise<AcceptedMessage> {
    await this.limits.checkMessage(principal, address, message);
    return this.commit(newMessage(principal, agent_id, message, channel));
  }

  /** As {@link accept}, for a message that the caller vouches for: nothing of it is a client's word. */
  commit(row: NewMessage): Promise<AcceptedMessage> {
    // A trace of its own, unless who asks is trusted to have begun it: its run goes on with it.
    const attributes = { 'gen_ai.agent.id': row.agent_id, 'gen_ai.conversation.id': row.thread_id };
    return inSpan({ name: 'accept_message', attributes }, () =>
      this.accepted({ ...row, traceparent: traceparent() }),
    );
  }

  private async accepted(row: NewMessage): Promise<AcceptedMessage> {
    const acceptance = await this.metrics.timeCommit(() =>
      this.messages.accept(row, this.config.PENDING_MESSAGES_MAX),
    );
    if (!acceptance) throw agentNotFound();
    if (acceptance.message_id === null) return this.explainRefusal(row, acceptance);
    const created_at = acceptance.created_at ?? new Date();
    this.metrics.messageAccepted();
    this.send(row, acceptance, created_at);
    if (acceptance.on_busy === 'interrupt' && row.begins === null) await this.interrupt(row);
    return { message_id: row.id, thread_id: row.thread_id, repeated: false };
  }

  /** Hands a committed message on. Redis being away loses nothing: the reconciler sends it later. */
  private send(
    row: NewMessage,
    { version, thread_owes, thread_paused, pauses, erasures }: Acceptance,
    created_at: Date,
  ): void {
    const { id, agent_id, thread_id, content, channel, user_id, user_data, claimed } = row;
    const accepted_at = created_at.getTime();
    const entry: InboxEntry = {
      message_id: id,
      thread_id,
      content,
      channel,
      user_id,
      user_data,
      claimed,
      version,
      accepted_at,
      opens_thread: row.begins !== null,
      ...(pauses > 0 ? { pauses } : {}),
      ...(erasures > 0 ? { erasures } : {}),
      ...(row.traceparent === undefined ? {} : { traceparent: row.traceparent }),
    };
    const object = {
      id,
      role: 'user' as const,
      content,
      created_at: created_at.toISOString(),
      in_reply_to: null,
    };
    this.inBackground(agent_id, id, [
      // With what it waits behind, where that waits for approval.
      ...(thread_paused ? [] : [this.inbox.send(agent_id, entry, thread_owes)]),
      this.messaging.eventLog.append(agent_id, thread_id, userMessageFrame(object)),
      ...(thread_paused ? [] : [this.lifecycle.wake(agent_id)]),
    ]);
  }

  private inBackground(agent_id: string, message_id: string, steps: Promise<unknown>[]): void {
    for (const step of steps) {
      step.catch((error: unknown) =>
        this.logger.warn({ err: error, agent_id, message_id }, 'the reconciler hands this message on'),
      );
    }
  }

  /** What came before it in the thread is answered no more. */
  private async interrupt({ id, agent_id, thread_id }: NewMessage): Promise<void> {
    await this.cancelling.cancel(agent_id, thread_id, id).catch((error: unknown) => {
      this.logger.warn(
        { err: error, agent_id, message_id: id },
        'not interrupted; the message waits its turn',
      );
    });
  }

  private async explainRefusal(row: NewMessage, acceptance: Acceptance): Promise<AcceptedMessage> {
    const before = await this.messages.findRepeated(row);
    if (before) {
      if (before.content !== row.content) {
        throw new ServiceError('client_message_id_reused', 'Use a new client_message_id for every message.');
      }
      if (before.status === 'accepted')
        this.inBackground(before.agent_id, before.id, [
          this.inbox.sendAgain(before.agent_id, before.id),
          this.lifecycle.wake(before.agent_id),
        ]);
      return { message_id: before.id, thread_id: before.thread_id, repeated: true };
    }
    if (!acceptance.enabled) throw new ServiceError('agent_disabled', 'Its operator has to enable it first.');
    if (acceptance.owes_too_much)
      throw new ServiceError('too_many_pending', 'Wait for answers before sending more.', {
        retry_after_s: 5,
      });
    if (!acceptance.thread_exists)
      throw new ServiceError('thread_not_found', 'Leave thread_id out to begin a new thread.');
    if (acceptance.on_busy === 'reject')
      throw new ServiceError(
        'thread_busy',
        'Wait for its answer, or cancel it, then send the message again.',
      );
    throw new Error(`message refused without a reason (${errorCatalogue.internal_error.title})`);
  }
}

/** Only trusted parties speak for a user; what others say of themselves is kept apart. */
function newMessage(
  principal: Principal,
  agent_id: string,
  message: MessageToAccept,
  channel: string,
): NewMessage {
  const { user_id, user_data, thread_id } = message;
  const base = {
    id: message.message_id ?? newMessageId(),
    agent_id,
    thread_id: thread_id ?? message.new_thread_id ?? newThreadId(),
    begins:
      thread_id === undefined ? { owner: ownerOf(principal), sender: senderOf(principal, message) } : null,
    content: message.content,
    client_message_id: message.client_message_id ?? null,
  };
  if (hasScope(principal, 'users:assert')) {
    return {
      ...base,
      channel: message.channel ?? channel,
      user_id: user_id ?? null,
      user_data: user_data ?? {},
      claimed: {},
    };
  }
  const claimed = Object.fromEntries(
    Object.entries({ user_id, user_data, channel: message.channel }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  if (principal.kind === 'chat_token') {
    return { ...base, channel, user_id: principal.user_id, user_data: principal.user_data, claimed };
  }
  return { ...base, channel, user_id: null, user_data: {}, claimed };
}

/** Strangers share no sender: one could otherwise learn the ids of another. Nor do the users that a key speaks for. */
function senderOf(principal: Principal, { client_message_id, user_id }: MessageToAccept): string | null {
  if (client_message_id === undefined || principal.kind === 'anonymous') return null;
  return user_id === undefined ? ownerOf(principal) : `${ownerOf(principal)}/${user_id}`;
}
