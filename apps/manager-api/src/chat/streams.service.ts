import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { newMessageId, newThreadId, ServiceError } from '@roost/contracts';
import type { AcceptedMessageDto, CreateMessageDto } from '@roost/contracts/rest';
import type { Response } from 'express';
import { CredentialsService } from '../access/credentials.service';
import type { Principal } from '../access/principal';
import { CONFIG, type ManagerConfig } from '../config';
import { Limits } from '../limits/limits.service';
import { Draining } from '../http/draining';
import { ConnectionMetrics } from '../metrics/connection.metrics';
import { ChatAccess } from './chat-access.service';
import { checkUserData } from './chat-token-issuing.service';
import { EventStream } from './event-stream';
import { failureFrame, replyFrame } from './message.views';
import { type MessageEntity } from './message.entity';
import { MessagesRepository } from './messages.repository';
import { type MessageToAccept, MessagesService } from './messages.service';
import { type FeedFrame, ThreadFeed } from './thread-feed.service';

/** Milliseconds between two looks whether the credentials of open streams still count. */
const RECHECK_MS = 20_000;

/** Chat over HTTP: messages in, and frames out as server-sent events. */
@Injectable()
export class StreamsService implements OnModuleDestroy {
  private readonly open = new Map<EventStream, { principal: Principal; agent_id: string }>();
  private readonly rechecking = setInterval(() => void this.recheck(), RECHECK_MS).unref();

  constructor(
    private readonly access: ChatAccess,
    private readonly accepting: MessagesService,
    private readonly messages: MessagesRepository,
    private readonly feed: ThreadFeed,
    private readonly credentials: CredentialsService,
    private readonly limits: Limits,
    private readonly draining: Draining,
    private readonly metrics: ConnectionMetrics,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  onModuleDestroy(): void {
    clearInterval(this.rechecking);
    this.endAll();
  }

  endAll(): void {
    for (const stream of this.open.keys()) stream.endForRestart();
  }

  async accept(
    principal: Principal,
    address: string,
    agent_id: string,
    body: MessageToAccept,
  ): Promise<AcceptedMessageDto> {
    checkUserData(body.user_data);
    await this.access.checkAgent(principal, agent_id);
    if (body.thread_id !== undefined) await this.access.findThread(principal, body.thread_id, agent_id);
    const { message_id, thread_id } = await this.accepting.accept(principal, address, agent_id, body, 'api');
    return { message_id, thread_id };
  }

  /** Accepts a message and streams its run until it is over. A client that goes away stops nothing. */
  async streamRun(
    principal: Principal,
    address: string,
    agent_id: string,
    body: CreateMessageDto,
    response: Response,
  ): Promise<void> {
    const message_id = newMessageId();
    const new_thread_id = newThreadId();
    const early: FeedFrame[] = [];
    let deliver = (frame: FeedFrame): void => void early.push(frame);
    await this.access.checkAgent(principal, agent_id);
    if (body.thread_id !== undefined) await this.access.findThread(principal, body.thread_id, agent_id);
    const thread_id = body.thread_id ?? new_thread_id;
    let unfollow = await this.feed.follow(agent_id, thread_id, null, (frame) => deliver(frame));
    try {
      const accepted = await this.accept(principal, address, agent_id, {
        ...body,
        message_id,
        new_thread_id,
      });
      if (accepted.thread_id !== thread_id) {
        unfollow();
        unfollow = await this.feed.follow(agent_id, accepted.thread_id, null, (frame) => deliver(frame));
      }
      const stream = this.stream(response, principal, agent_id, () => unfollow());
      stream.send('accepted', null, accepted);
      deliver = (frame) => {
        if (!concerns(frame, accepted.message_id)) return;
        sendFrame(stream, frame);
        if (endsRun(frame, accepted.message_id)) stream.end();
      };
      for (const frame of early) deliver(frame);
      if (accepted.message_id !== message_id) await this.showIfOver(accepted.message_id, stream);
    } catch (error) {
      unfollow();
      throw error;
    }
  }

  async streamThread(
    principal: Principal,
    id: string,
    last_event_id: string | undefined,
    response: Response,
  ): Promise<void> {
    if (last_event_id !== undefined && last_event_id.length > 100)
      throw new ServiceError('validation_failed', 'Last-Event-ID: too long');
    await this.limits.checkConnection(principal, '');
    const thread = await this.access.findThread(principal, id);
    let unfollow = (): void => undefined;
    let opened: EventStream | undefined;
    // Not before there is something to say: until then a refusal can still be told.
    const stream = (): EventStream =>
      (opened ??= this.stream(response, principal, thread.agent_id, () => unfollow()));
    unfollow = await this.feed.follow(
      thread.agent_id,
      id,
      last_event_id ?? null,
      (frame) => sendFrame(stream(), frame),
      () => stream().hasRoom(),
    );
    if (stream().isOver) unfollow();
  }

  private stream(
    response: Response,
    principal: Principal,
    agent_id: string,
    onClose: () => void,
  ): EventStream {
    const closed = this.metrics.opened('sse');
    const stream = new EventStream(response, this.config.SOCKET_BUFFER_BYTES, () => {
      closed();
      this.open.delete(stream);
      onClose();
    });
    this.open.set(stream, { principal, agent_id });
    // It was asked for before the shutdown began: it still says what was accepted.
    if (this.draining.hasBegun) setImmediate(() => stream.endForRestart());
    return stream;
  }

  /** A stream outlives its request: it ends with the credential that opened it. */
  private async recheck(): Promise<void> {
    for (const [stream, { principal, agent_id }] of this.open) {
      try {
        if (!(await this.credentials.stillValid(principal))) stream.end();
        else if (principal.kind !== 'api_key') await this.access.checkAgent(principal, agent_id);
      } catch (error) {
        if (error instanceof ServiceError) stream.end(); // Anything else is looked at again in the next round.
      }
    }
  }

  /** A repeat of a message that has ended already gets its end from the transcript. */
  private async showIfOver(message_id: string, stream: EventStream): Promise<void> {
    const message = await this.messages.find(message_id);
    if (!message || message.status === 'accepted' || message.status === 'paused') return;
    const end = await this.endOf(message);
    stream.send(end.type, null, { ...end, thread_id: message.thread_id, event_id: null });
    stream.end();
  }

  private async endOf(message: MessageEntity) {
    const reply = await this.messages.findReply(message.joined_into ?? message.id);
    return reply ? replyFrame(reply) : failureFrame(message.id, message.error_code ?? 'run_failed', '');
  }
}

const sendFrame = (stream: EventStream, frame: FeedFrame): void =>
  stream.send(frame.type, frame.event_id, frame);

const answers = ({ message_object }: Extract<FeedFrame, { type: 'message' }>, message_id: string): boolean =>
  message_object.in_reply_to === message_id ||
  (message_object.joined_message_ids?.includes(message_id) ?? false);

const concerns = (frame: FeedFrame, message_id: string): boolean =>
  frame.type === 'message'
    ? answers(frame, message_id)
    : frame.type !== 'user_message' && frame.type !== 'resync' && frame.message_id === message_id;

const endsRun = (frame: FeedFrame, message_id: string): boolean =>
  (frame.type === 'message' && answers(frame, message_id)) ||
  (frame.type === 'error' && frame.message_id === message_id);
