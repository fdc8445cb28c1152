import { Injectable } from '@nestjs/common';
import type { MessagePageDto, PageQueryDto, ThreadDto, ThreadPageDto } from '@roost/contracts/rest';
import { ServiceError } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import type { Principal } from '../access/principal';
import { agentNotFound } from '../agents/agent.views';
import { AgentsRepository } from '../agents/agents.repository';
import { byCreation, pageRequest, toPage } from '../database/page';
import { ChatAccess } from './chat-access.service';
import { toMessageDto } from './message.views';
import { MessagesRepository } from './messages.repository';
import type { ThreadEntity } from './thread.entity';
import { ThreadsRepository } from './threads.repository';

@Injectable()
export class ThreadsService {
  constructor(
    private readonly threads: ThreadsRepository,
    private readonly messages: MessagesRepository,
    private readonly agents: AgentsRepository,
    private readonly access: ChatAccess,
    private readonly messaging: Messaging,
  ) {}

  async list(agent_id: string, query: PageQueryDto): Promise<ThreadPageDto> {
    if (!(await this.agents.status(agent_id))) throw agentNotFound();
    const request = pageRequest(query);
    return toPage(await this.threads.page(agent_id, request), request, byCreation, toThreadDto);
  }

  async get(principal: Principal, id: string): Promise<ThreadDto> {
    return toThreadDto(await this.access.findThread(principal, id));
  }

  /** With what other agents were asked for it, and last: a repeat finds what is left. An absent one counts as deleted. */
  async delete(id: string): Promise<void> {
    for (const thread of await this.threads.withHandedOver(id)) {
      // Before, so that a repeat finds the thread when Redis is away; and after, for what a run appended meanwhile.
      await this.messaging.eventLog.drop(thread.agent_id, thread.id);
      await this.threads.delete(thread);
      await this.messaging.topics.publishForgotten(thread.agent_id, { thread_id: thread.id });
      await this.messaging.eventLog.drop(thread.agent_id, thread.id);
    }
  }

  async messagesOf(principal: Principal, id: string, query: PageQueryDto): Promise<MessagePageDto> {
    const thread = await this.access.findThread(principal, id);
    const request = pageRequest(query);
    const after = request.after?.[1] ?? null;
    if (after !== null && !/^\d{1,18}$/.test(after))
      throw new ServiceError('invalid_cursor', 'Use next_cursor of the page before.');
    const rows = await this.messages.page(thread.id, query.limit, after);
    return toPage(rows, request, ({ position }) => ['', position], toMessageDto);
  }
}

const toThreadDto = (thread: ThreadEntity): ThreadDto => ({
  id: thread.id,
  agent_id: thread.agent_id,
  user_id: thread.user_id,
  channel: thread.channel,
  created_at: thread.created_at.toISOString(),
});
