import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ApprovalInput, CancelInput, type CloseReason, MessageInput, ServiceError } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { CredentialsService } from '../access/credentials.service';
import type { Principal } from '../access/principal';
import { AgentsRepository } from '../agents/agents.repository';
import { ApprovalsService } from '../approvals/approvals.service';
import { CancellingService } from '../cancelling/cancelling.service';
import { CONFIG, type ManagerConfig } from '../config';
import { Draining } from '../http/draining';
import { checkStorable } from '../http/storable';
import { Limits, subjectOf } from '../limits/limits.service';
import { LOGGER } from '../logging';
import { ConnectionMetrics } from '../metrics/connection.metrics';
import { ChatAccess } from './chat-access.service';
import type { ChatConnection, ConnectionRequest } from './chat-connection';
import type { ChatServices } from './chat-services';
import { ChatSession } from './chat-session';
import { MessagesService } from './messages.service';
import { OpenConnections } from './open-connections';
import { ThreadFeed } from './thread-feed.service';

/** Milliseconds between two looks whether the credentials of open connections still count. */
const RECHECK_MS = 20_000;
/** Looks at once: a round over many connections neither takes minutes nor all of the database's connections. */
const RECHECKS_AT_ONCE = 4;
/** Milliseconds a client has for everything between its connection and being let in. */
const ADMIT_MS = 5_000;
/** Milliseconds over which connections are closed on shutdown. */
const CLOSE_SPREAD_MS = 500;

/** Lets clients in, and out. Knows nothing of socket protocols. */
@Injectable()
export class ChatSessions implements OnApplicationBootstrap, OnModuleDestroy {
  /** With each, how to give back its place. */
  private readonly sessions = new Map<ChatSession, () => void>();
  private readonly open = new OpenConnections();
  private readonly rechecking = pLimit(RECHECKS_AT_ONCE);
  private readonly services: ChatServices;
  private recheck: NodeJS.Timeout | undefined;

  constructor(
    private readonly credentials: CredentialsService,
    private readonly limits: Limits,
    private readonly access: ChatAccess,
    private readonly draining: Draining,
    private readonly metrics: ConnectionMetrics,
    messaging: Messaging,
    agents: AgentsRepository,
    messages: MessagesService,
    feed: ThreadFeed,
    cancelling: CancellingService,
    approvals: ApprovalsService,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.services = {
      access,
      agents,
      messages,
      feed,
      cancelling,
      approvals,
      topics: messaging.topics,
      buffer_bytes: config.SOCKET_BUFFER_BYTES,
    };
  }

  onApplicationBootstrap(): void {
    this.recheck = setInterval(() => this.recheckRound(), RECHECK_MS);
    this.credentials.onRevoked((id) => void this.recheckAll(({ principal }) => keyOf(principal) === id));
  }

  onModuleDestroy(): void {
    clearInterval(this.recheck);
  }

  /** A round that takes longer than the time between two is not overtaken by the next. */
  private recheckRound(): void {
    if (this.rechecking.pendingCount === 0) void this.recheckAll(() => true);
  }

  /** @returns null when the client was turned away; its connection is closed then. */
  async admit(connection: ChatConnection, request: ConnectionRequest): Promise<ChatSession | null> {
    let session: ChatSession | null = null;
    // A dependency that hangs must not hold clients: they come back, perhaps to another manager.
    const tooLate = setTimeout(() => connection.close('restarting'), ADMIT_MS);
    try {
      this.draining.refuse();
      const principal = await this.identify(request);
      await this.limits.checkConnection(principal, request.address);
      const give_back = this.open.take(subjectOf(principal, request.address), this.config.CONNECTIONS_MAX);
      if (!give_back) throw new ServiceError('too_many_requests', 'Too many open connections; close some.');
      session = new ChatSession(connection, principal, request, this.services);
      const closed = this.metrics.opened(request.kind);
      this.sessions.set(session, () => {
        closed();
        give_back();
      });
      await session.open();
      return session;
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'thread_not_found') session?.complain(error);
      if (session) this.leave(session);
      this.turnAway(connection, request, error);
      return null;
    } finally {
      clearTimeout(tooLate);
    }
  }

  leave(session: ChatSession): void {
    session.end();
    this.sessions.get(session)?.();
    this.sessions.delete(session);
  }

  /** Reads what a client sent as a message. @throws {ServiceError} `validation_failed` */
  static parse(value: unknown): MessageInput {
    return parseInput(MessageInput, value);
  }

  /** Reads what a client sent as a cancel. @throws {ServiceError} `validation_failed` */
  static parseCancel(value: unknown): CancelInput {
    return parseInput(CancelInput, value);
  }

  /** Reads what a client sent as a decision. @throws {ServiceError} `validation_failed` */
  static parseApproval(value: unknown): ApprovalInput {
    return parseInput(ApprovalInput, value);
  }

  /**
   * Closes every connection, spread out, so that clients do not all come back at once. What is being accepted is
   * acknowledged first; what comes after is refused.
   */
  async closeAll(): Promise<void> {
    const deadline_ms = this.config.SHUTDOWN_SECONDS * 250;
    await Promise.all(
      [...this.sessions.keys()].map(async (session) => {
        const settled = session.refuseMore();
        await pause(Math.random() * CLOSE_SPREAD_MS);
        await Promise.race([settled, pause(deadline_ms, undefined, { ref: false })]);
        // The acknowledgement goes out in this turn.
        await new Promise(setImmediate);
        session.closeWith('restarting');
        this.leave(session);
      }),
    );
  }

  private async identify({ agent_id, credential, address }: ConnectionRequest): Promise<Principal> {
    try {
      const principal: Principal =
        credential === null ? { kind: 'anonymous' } : await this.credentials.authenticate(credential);
      await this.access.checkAgent(principal, agent_id);
      return principal;
    } catch (error) {
      // Guessing counts: too many refusals of one address are told apart from one.
      await this.limits.checkConnection({ kind: 'anonymous' }, address);
      throw error;
    }
  }

  private async recheckAll(concerned: (session: ChatSession) => boolean): Promise<void> {
    const sessions = [...this.sessions.keys()].filter(concerned);
    await Promise.all(sessions.map((session) => this.rechecking(() => this.recheckOne(session))));
  }

  private async recheckOne(session: ChatSession): Promise<void> {
    // It may have left while others were looked at.
    if (!this.sessions.has(session)) return;
    try {
      if (!(await this.credentials.stillValid(session.principal))) session.closeWith('unauthorized');
      else await this.access.checkAgent(session.principal, session.request.agent_id);
    } catch (error) {
      if (error instanceof ServiceError) session.closeWith(closeReason(error));
      else this.logger.warn({ err: error }, 'credentials not rechecked; the next round repeats this');
    }
  }

  private turnAway(connection: ChatConnection, { kind }: ConnectionRequest, error: unknown): void {
    this.metrics.wasRefused(kind, error instanceof ServiceError ? error.code : 'internal_error');
    if (!(error instanceof ServiceError))
      this.logger.error({ err: error }, 'a connection could not be opened');
    connection.close(error instanceof ServiceError ? closeReason(error) : 'restarting');
  }
}

const keyOf = (principal: Principal): string | null =>
  principal.kind === 'api_key' ? principal.id : principal.kind === 'chat_token' ? principal.api_key_id : null;

function closeReason(error: ServiceError): CloseReason {
  switch (error.code) {
    case 'agent_not_found':
    case 'thread_not_found':
      return 'agent_not_found';
    case 'too_many_requests':
      return 'too_many';
    case 'shutting_down':
    case 'dependency_unavailable':
      return 'restarting';
    default:
      return 'unauthorized';
  }
}

function parseInput<Input>(schema: z.ZodType<Input>, value: unknown): Input {
  checkStorable(value);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    field: path.join('.') || 'frame',
    message,
  }));
  throw new ServiceError(
    'validation_failed',
    errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
    { errors },
  );
}
