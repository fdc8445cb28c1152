import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { InboxEntry } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { setTimeout as pause } from 'node:timers/promises';
import { AgentsRepository } from '../agents/agents.repository';
import { MessagesRepository } from '../chat/messages.repository';
import type { Logger } from 'pino';
import { CONFIG, type ManagerConfig } from '../config';
import { LOGGER } from '../logging';
import { planInbox, unwanted } from './inbox.plan';
import { InstancesRepository } from './instances.repository';

/** Seconds after its acceptance in which a message is on its way and not missing. */
const ON_ITS_WAY_S = 10;
/** Milliseconds a manager that lives takes to hand on what it has accepted. */
const HANDING_ON_MS = 100;
/** Messages that are put back at once when they are repeated; the sweep puts back all. */
const REPEATED_MAX = 1_000;
/** Reports that may wait to be taken in. */
const REPORTS_MAX = 10_000;

/** Keeps an agent's inbox in Redis in step with what PostgreSQL says is owed. */
@Injectable()
export class InboxService implements OnModuleInit {
  /** Agents that a message could not be handed on to. */
  private readonly behind = new Set<string>();
  /** Messages that were repeated just now. */
  private readonly repeated = new Set<string>();

  constructor(
    private readonly messages: MessagesRepository,
    private readonly agents: AgentsRepository,
    private readonly instances: InstancesRepository,
    private readonly messaging: Messaging,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.messaging.topics.onRestored(() => void this.catchUp());
  }

  /**
   * Hands an accepted message on, behind those before it: what Redis forgot comes first. So does, when the thread
   * still owes an answer, a message whose manager did not live to hand it on.
   */
  async send(agent_id: string, entry: InboxEntry, thread_owes: boolean): Promise<void> {
    try {
      const behind = this.behind.delete(agent_id);
      if (thread_owes || behind || !(await this.messaging.inboxes.append(agent_id, entry)))
        await this.refill(agent_id, 0);
    } catch (error) {
      this.behind.add(agent_id);
      throw error;
    }
  }

  /** Sends again what a thread owes that has waited for approval. */
  async resume(agent_id: string, thread_id: string): Promise<void> {
    try {
      await this.refill(agent_id, 0, thread_id);
    } catch (error) {
      this.behind.add(agent_id);
      throw error;
    }
  }

  /** A client repeats what is still owed: whoever accepted it may not have lived to hand it on. */
  async sendAgain(agent_id: string, message_id: string): Promise<void> {
    if (this.repeated.has(message_id) || this.repeated.size >= REPEATED_MAX) return;
    this.repeated.add(message_id);
    try {
      // It may be on its way just now, and would stand in the inbox twice.
      await pause(HANDING_ON_MS);
      await this.refill(agent_id, HANDING_ON_MS / 2_000);
    } finally {
      this.repeated.delete(message_id);
    }
  }

  /**
   * Leaves in the inbox what is owed and nothing else, in order, while no instance reads it: a message that was given
   * up must not be run by the next one.
   */
  async rebuild(agent_id: string): Promise<void> {
    // The inbox first: whatever is in it was committed before, and is found owed if it still is.
    const present = await this.messaging.inboxes.entries(agent_id);
    const owed = await this.owed(agent_id);
    const plan = planInbox(owed, present, new Set());
    const removed_ids = [...unwanted(owed, present), ...plan.removed_ids];
    await this.fill(agent_id, removed_ids, plan.added, 'none');
  }

  /** Clears the inbox of an agent that owes nothing and runs no more: what was given up is still in it. */
  async tidy(agent_id: string): Promise<void> {
    if ((await this.messages.listOwed(agent_id, 1)).length === 0) await this.rebuild(agent_id);
  }

  /** Puts back what Redis has forgotten, and nothing that is on its way, under way or answered already. */
  async sweep(agent_id: string): Promise<void> {
    await this.refill(agent_id, ON_ITS_WAY_S);
  }

  /** Redis is back: what could not be handed on meanwhile is, without waiting for the sweep. */
  private async catchUp(): Promise<void> {
    for (const agent_id of this.behind) {
      try {
        await this.refill(agent_id, 0);
        this.behind.delete(agent_id);
      } catch (error) {
        this.logger.warn({ err: error, agent_id }, 'an inbox was not refilled; the reconciler repeats this');
      }
    }
  }

  /** Of a thread `resumed` just now an instance has let go, though reports and heartbeat may still speak of it. */
  private async refill(agent_id: string, older_than_s: number, resumed: string | null = null): Promise<void> {
    // In the order a message travels, and PostgreSQL last: one that is nowhere and still owed has been lost.
    const present = await this.messaging.inboxes.entries(agent_id);
    const under_way = await this.underWay(agent_id);
    const reported = await this.reported(agent_id);
    const owed = await this.owed(agent_id);
    const places = new Set(present.map(({ payload }) => payload.message_id));
    const on_their_way = owed.filter(
      ({ message_id, age_s }) => age_s < older_than_s && !places.has(message_id),
    );
    const elsewhere = new Set([
      ...under_way,
      ...reported,
      ...on_their_way.map(({ message_id }) => message_id),
    ]);
    for (const { message_id, thread_id } of owed) if (thread_id === resumed) elsewhere.delete(message_id);
    const plan = planInbox(owed, present, elsewhere);
    await this.fill(agent_id, plan.removed_ids, plan.added, 'may read');
  }

  /** An agent that was deleted meanwhile leaves nothing: this comes after the deletion, or that after this. */
  private async fill(
    agent_id: string,
    removed_ids: string[],
    added: InboxEntry[],
    reader: 'may read' | 'none',
  ): Promise<void> {
    await this.messaging.inboxes.fill(agent_id, removed_ids, added, reader);
    if (!(await this.agents.status(agent_id))) await this.messaging.inboxes.forget(agent_id);
  }

  private owed(agent_id: string) {
    return this.messages.listOwed(agent_id, this.config.PENDING_MESSAGES_MAX * 2);
  }

  /** What the live instance says it works on; one that has ended works on nothing. */
  private async underWay(agent_id: string): Promise<string[]> {
    const heartbeat = await this.messaging.heartbeats.read(agent_id);
    if (!heartbeat) return [];
    const live = await this.instances.findLive(agent_id);
    return live?.id === heartbeat.instance_id ? heartbeat.message_ids : [];
  }

  /** What was answered, and another manager may be committing right now. */
  private async reported(agent_id: string): Promise<Set<string>> {
    const reports = await this.messaging.streams.peek('reports', agent_id, REPORTS_MAX);
    return new Set(
      reports.flatMap(({ message_id, joined_message_ids = [] }) => [message_id, ...joined_message_ids]),
    );
  }
}
