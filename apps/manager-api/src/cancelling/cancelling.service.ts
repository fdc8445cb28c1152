import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { CancelledMessagesDto } from '@roost/contracts/rest';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import type { Principal } from '../access/principal';
import { ChatAccess } from '../chat/chat-access.service';
import { MessagesRepository } from '../chat/messages.repository';
import { RepliesService } from '../chat/replies.service';
import { InboxService } from '../lifecycle/inbox.service';
import { HandoffsRepository } from '../handoffs/handoffs.repository';
import { InstancesRepository } from '../lifecycle/instances.repository';
import { LifecycleService } from '../lifecycle/lifecycle.service';
import { LOGGER } from '../logging';
import { RunEndingsRepository } from './run-endings.repository';
import { RunEndings } from './run-endings.service';

/** Milliseconds an instance has to stop a run and report it; then the manager ends it by itself. */
const PATIENCE_MS = 750;
/** Cancels that one manager watches at a time; the reconciler watches all. */
const WATCHED_MAX = 10_000;

/** Stops what a thread is owed: asks the instance, and does not depend on its answer. */
@Injectable()
export class CancellingService implements OnModuleDestroy {
  private readonly watching = new Set<NodeJS.Timeout>();

  constructor(
    private readonly access: ChatAccess,
    private readonly repository: RunEndingsRepository,
    private readonly endings: RunEndings,
    private readonly replies: RepliesService,
    private readonly messages: MessagesRepository,
    private readonly instances: InstancesRepository,
    private readonly inbox: InboxService,
    private readonly lifecycle: LifecycleService,
    private readonly handoffs: HandoffsRepository,
    private readonly messaging: Messaging,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleDestroy(): void {
    for (const timer of this.watching) clearTimeout(timer);
  }

  /** @throws {ServiceError} `thread_not_found`, or `unauthorized` for who may read the thread but not write to it. */
  async request(principal: Principal, thread_id: string): Promise<CancelledMessagesDto> {
    const thread = await this.access.findThread(principal, thread_id);
    await this.access.checkAgent(principal, thread.agent_id);
    return { message_ids: await this.cancel(thread.agent_id, thread_id) };
  }

  /**
   * Resolves once it is committed that these messages, or those before `before`, end within a second.
   * @returns them, in order. The caller has checked who asks.
   */
  async cancel(agent_id: string, thread_id: string, before: string | null = null): Promise<string[]> {
    const requested = await this.repository.requestCancel(thread_id, before);
    const ids = requested.map(({ id }) => id);
    const paused = requested.filter((message) => message.paused).map(({ id }) => id);
    if (paused.length > 0) this.inBackground(agent_id, () => this.endPaused(agent_id, thread_id, paused));
    if (ids.length > paused.length)
      this.inBackground(agent_id, async () => {
        // In either order: an instance that starts now is not given what is cancelled.
        const [live] = await Promise.all([
          this.instances.findLive(agent_id),
          this.messaging.topics.publishCancel(agent_id, { message_ids: ids }).catch(() => undefined),
        ]);
        if (live) this.watch(agent_id, ids);
        else await this.endings.end(agent_id, await this.repository.stillOwed(ids));
        await this.cancelHandoffs(ids);
      });
    return ids;
  }

  /** What other agents were asked for these messages. */
  private async cancelHandoffs(ids: string[]): Promise<void> {
    for (const { agent_id, thread_id } of await this.handoffs.placesUnder(ids))
      await this.cancel(agent_id, thread_id);
  }

  /** What nobody has ended in time: the manager that was asked is gone, or could not. */
  async endOverdue(): Promise<void> {
    const overdue = await this.repository.listOverdue(PATIENCE_MS * 2);
    for (const agent_id of new Set(overdue.map((message) => message.agent_id))) {
      const ids = overdue.filter((message) => message.agent_id === agent_id).map(({ id }) => id);
      await this.endSilent(agent_id, ids);
    }
  }

  /** No instance has them. What waited behind them is next. */
  private async endPaused(agent_id: string, thread_id: string, ids: string[]): Promise<void> {
    await this.endings.end(agent_id, await this.repository.stillOwed(ids));
    await this.inbox.resume(agent_id, thread_id);
    if ((await this.messages.listOwed(agent_id, 1)).length > 0) await this.lifecycle.wake(agent_id);
  }

  private watch(agent_id: string, ids: string[]): void {
    if (this.watching.size >= WATCHED_MAX) return;
    const timer = setTimeout(() => {
      this.watching.delete(timer);
      this.inBackground(agent_id, () => this.endSilent(agent_id, ids));
    }, PATIENCE_MS);
    this.watching.add(timer);
  }

  private async endSilent(agent_id: string, ids: string[]): Promise<void> {
    if ((await this.repository.stillOwed(ids)).length === 0) return;
    await this.replies.takeIn(agent_id);
    const silent = await this.repository.stillOwed(ids);
    if (silent.length === 0) return;
    await this.endings.end(agent_id, silent);
    // It may have missed the first one; what it still writes is refused, and what it asks the model is for nothing.
    await this.messaging.topics.publishCancel(agent_id, { message_ids: silent.map(({ id }) => id) });
  }

  private inBackground(agent_id: string, work: () => Promise<void>): void {
    work().catch((error: unknown) =>
      this.logger.warn({ err: error, agent_id }, 'cancelled messages not ended; the reconciler does that'),
    );
  }
}
