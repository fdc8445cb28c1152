import { Injectable } from '@nestjs/common';
import {
  errorCatalogue,
  HANDOFF_DEPTH_MAX,
  type HandoffCancel,
  type HandoffRequest,
  type HandoffResponse,
  type HandoffTool,
  isErrorCode,
  newMessageId,
  ServiceError,
} from '@roost/contracts';
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentVersionEntity } from '../agents/agent-version.entity';
import { AgentsRepository } from '../agents/agents.repository';
import { CancellingService } from '../cancelling/cancelling.service';
import type { MessageEntity } from '../chat/message.entity';
import { MessagesRepository } from '../chat/messages.repository';
import { MessagesService } from '../chat/messages.service';
import { ThreadFeed } from '../chat/thread-feed.service';
import { ThreadsRepository } from '../chat/threads.repository';
import { storableText } from '../database/storable.text';
import { Draining } from '../http/draining';
import { type Handoff, HandoffsRepository } from './handoffs.repository';

/** Milliseconds between two looks at a message whose end was not told. */
const LOOK_MS = 1_000;

/** Whose message is handed over, and for whom. */
type Calling = Pick<MessageEntity, 'agent_id' | 'channel' | 'user_id' | 'user_data'>;
/** The other agent, its conversation, and the message it got. */
type Handed = Pick<Handoff, 'agent_id' | 'thread_id' | 'message_id'>;

/** One agent's message to another, for the same user, and its answer. */
@Injectable()
export class HandoffsService {
  constructor(
    private readonly handoffs: HandoffsRepository,
    private readonly agents: AgentsRepository,
    private readonly messages: MessagesRepository,
    private readonly threads: ThreadsRepository,
    private readonly accepting: MessagesService,
    private readonly cancelling: CancellingService,
    private readonly feed: ThreadFeed,
    private readonly draining: Draining,
  ) {}

  /**
   * Hands a message over, once, and waits for its answer for at most `wait_ms`.
   * @throws {ServiceError} `forbidden` for what the agent is not answering, or was not configured to hand over.
   */
  async ask(calling_agent_id: string, request: HandoffRequest): Promise<HandoffResponse> {
    if (request.message_id === null)
      return this.handOver(await this.trial(calling_agent_id, request), nobodyOf(calling_agent_id), request);
    const calling = await this.callingMessage(calling_agent_id, request.message_id);
    const handoff =
      (await this.handoffs.find(calling.id, request.idempotency_key)) ?? (await this.begin(calling, request));
    if (!handoff)
      return failed(`Agents hand over at most ${HANDOFF_DEPTH_MAX} times in a row: answer without it.`);
    return this.handOver(handoff, calling, request);
  }

  private async handOver(
    handoff: Handed,
    calling: Calling,
    request: HandoffRequest,
  ): Promise<HandoffResponse> {
    try {
      await this.accept(handoff, calling, storableText(request.message));
    } catch (error) {
      if (error instanceof ServiceError)
        return failed(`${errorCatalogue[error.code].title}. ${error.detail}`);
      throw error;
    }
    return this.wait(handoff, request.wait_ms);
  }

  /** Ends what is still owed; an unknown handoff counts as ended. */
  async cancel(calling_agent_id: string, { message_id, idempotency_key }: HandoffCancel): Promise<void> {
    const handoff =
      message_id === null
        ? await this.messages.find(trialMessage(calling_agent_id, idempotency_key))
        : await this.handoffs.find(
            (await this.callingMessage(calling_agent_id, message_id)).id,
            idempotency_key,
          );
    if (handoff) await this.cancelling.cancel(handoff.agent_id, handoff.thread_id);
  }

  private async callingMessage(agent_id: string, id: string): Promise<MessageEntity> {
    const message = await this.messages.find(id);
    const isAnswering =
      message?.agent_id === agent_id &&
      message.role === 'user' &&
      message.status === 'accepted' &&
      message.cancel_requested_at === null;
    if (!isAnswering) throw new ServiceError('forbidden', 'The agent is not answering this message.');
    return message;
  }

  /** Null when it would be too deep. */
  private async begin(
    calling: MessageEntity,
    { tool: name, idempotency_key }: HandoffRequest,
  ): Promise<Handoff | null> {
    const version = await this.agents.findVersion(calling.agent_id, calling.version);
    const tool = handoffTool(version, name);
    const depth = (await this.handoffs.depthOf(calling.id)) + 1;
    if (depth > HANDOFF_DEPTH_MAX) return null;
    return this.handoffs.begin({
      calling_message_id: calling.id,
      idempotency_key,
      agent_id: tool.agent_id,
      thread_id: threadFor(calling.thread_id, tool.agent_id),
      message_id: newMessageId(),
      depth,
    });
  }

  /** Begins a conversation of its own, known by the key: nobody's message stands above it. */
  private async trial(
    calling_agent_id: string,
    { tool: name, idempotency_key }: HandoffRequest,
  ): Promise<Handed> {
    const { agent_id } = handoffTool(await this.agents.findCurrentVersion(calling_agent_id), name);
    return {
      agent_id,
      thread_id: `thr_${hashed('trial thread', calling_agent_id, idempotency_key)}`,
      message_id: trialMessage(calling_agent_id, idempotency_key),
    };
  }

  /** What is known of the user comes from the calling message as it was accepted, never from the runner. */
  private async accept(handoff: Handed, calling: Calling, content: string, mayBegin = true): Promise<void> {
    const { agent_id, thread_id, message_id: id } = handoff;
    if (await this.messages.find(id)) return;
    const begins = mayBegin && !(await this.threads.find(thread_id));
    const { channel, user_id, user_data } = calling;
    try {
      await this.accepting.commit({
        ...{ id, agent_id, thread_id, content, channel, user_id, user_data, claimed: {} },
        client_message_id: null,
        begins: begins ? { owner: `agent:${calling.agent_id}`, sender: null } : null,
      });
    } catch (error) {
      if (await this.messages.find(id)) return; // By a repeat of this request.
      // Another handoff of the calling thread has begun the conversation meanwhile.
      if (begins && (await this.threads.find(thread_id)))
        return this.accept(handoff, calling, content, false);
      throw error;
    }
  }

  /** Told by the thread's frames, and looked at now and then; no connection to the database is held. */
  private async wait(handoff: Handed, wait_ms: number): Promise<HandoffResponse> {
    const ends_at = performance.now() + wait_ms;
    let tell: () => void = () => undefined;
    const unfollow = await this.feed
      .follow(handoff.agent_id, handoff.thread_id, null, ({ type }) => {
        if (type === 'message' || type === 'error') tell();
      })
      .catch(() => () => undefined);
    try {
      for (;;) {
        const told = new Promise<void>((resolve) => (tell = resolve));
        const outcome = await this.outcomeOf(handoff);
        const left_ms = ends_at - performance.now();
        if (outcome.status !== 'pending' || left_ms <= 0) return outcome;
        // Another manager waits on; requests of instances are taken until the very end.
        this.draining.refuse();
        await Promise.race([told, pause(Math.min(left_ms, LOOK_MS), undefined, { ref: false })]);
      }
    } finally {
      unfollow();
    }
  }

  private async outcomeOf({ message_id }: Handed): Promise<HandoffResponse> {
    const message = await this.messages.find(message_id);
    if (!message) return failed('Its conversation was deleted.');
    switch (message.status) {
      case 'accepted':
        return { status: 'pending' };
      case 'paused':
        return { status: 'pending', waits_for_approval: true };
      case 'failed':
        return failed(titleOf(message.error_code ?? 'run_failed'));
      case 'done': {
        const reply = await this.messages.findReply(message.joined_into ?? message.id);
        if (!reply || reply.interrupted) return failed(titleOf('run_cancelled'));
        return { status: 'done', content: reply.content };
      }
    }
  }
}

const failed = (detail: string): HandoffResponse => ({ status: 'failed', detail });

const titleOf = (code: string): string => `${errorCatalogue[isErrorCode(code) ? code : 'run_failed'].title}.`;

/** One conversation a calling thread and agent; as hard to guess as the calling thread's own id. */
const threadFor = (calling_thread_id: string, agent_id: string): string =>
  `thr_${hashed('handoff', calling_thread_id, agent_id)}`;

/** As hard to guess as the key. */
const trialMessage = (calling_agent_id: string, idempotency_key: string): string =>
  `msg_${hashed('trial message', calling_agent_id, idempotency_key)}`;

const hashed = (...parts: string[]): string =>
  createHash('sha256')
    .update(parts.join(' '))
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 22);

/** Whom a tool is tried for: a runner vouches for nobody. */
const nobodyOf = (agent_id: string): Calling => ({
  agent_id,
  channel: 'api',
  user_id: null,
  user_data: {},
});

/** @throws {ServiceError} `forbidden` */
function handoffTool(version: Pick<AgentVersionEntity, 'configuration'> | null, name: string): HandoffTool {
  const tool = version?.configuration.tools.find(
    (one): one is HandoffTool => one.type === 'handoff' && one.name === name,
  );
  if (!tool) throw new ServiceError('forbidden', 'This version of the agent has no such handoff.');
  return tool;
}
