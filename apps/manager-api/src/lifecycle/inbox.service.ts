import { Injectable } from '@nestjs/common';
import { Messaging } from '@roost/messaging';
import { MessagesRepository } from '../chat/messages.repository';

/** Messages put back into an inbox at once. */
const REFILL_MAX = 1_000;

/** Keeps an agent's inbox in Redis in step with what PostgreSQL says is owed. */
@Injectable()
export class InboxService {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly messaging: Messaging,
  ) {}

  /**
   * Leaves in the inbox what is owed and nothing else, while no instance reads it: a message that was given up must
   * not be run by the next one.
   */
  async rebuild(agent_id: string): Promise<void> {
    const present = await this.messaging.streams.peek('inbox', agent_id, REFILL_MAX * 2);
    const owed = await this.messages.listOwed(agent_id, REFILL_MAX);
    const wanted = new Set(owed.map(({ message_id }) => message_id));
    if (present.some(({ message_id }) => !wanted.has(message_id)))
      await this.messaging.streams.drop('inbox', agent_id);
    await this.refill(agent_id);
  }

  /** Drops the inbox of an agent that owes nothing and runs no more: what was given up is still in it. */
  async tidy(agent_id: string): Promise<void> {
    if ((await this.messages.listOwed(agent_id, 1)).length === 0)
      await this.messaging.streams.drop('inbox', agent_id);
  }

  /** Adds, in order, the messages that are owed and not in the inbox: Redis may have forgotten them. */
  async refill(agent_id: string): Promise<void> {
    const owed = await this.messages.listOwed(agent_id, REFILL_MAX);
    if (owed.length === 0) return;
    const present = await this.messaging.streams.peek('inbox', agent_id, REFILL_MAX * 2);
    const known = new Set(present.map(({ message_id }) => message_id));
    for (const entry of owed) {
      if (!known.has(entry.message_id)) await this.messaging.streams.add('inbox', agent_id, entry);
    }
  }
}
