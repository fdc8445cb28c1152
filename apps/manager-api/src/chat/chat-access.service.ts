import { Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { hasScope, ownerOf, type Principal } from '../access/principal';
import { agentNotFound } from '../agents/agent.views';
import { AgentsRepository } from '../agents/agents.repository';
import type { ThreadEntity } from './thread.entity';
import { ThreadsRepository } from './threads.repository';

const threadNotFound = (): ServiceError =>
  new ServiceError('thread_not_found', 'Leave thread_id out to begin a new thread.');

/** Who may talk to which agent, and see which thread. */
@Injectable()
export class ChatAccess {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly threads: ThreadsRepository,
  ) {}

  /**
   * @throws {ServiceError} `unauthorized`, also for an unknown agent when the caller could not know of it;
   *   `agent_not_found` when it may.
   */
  async checkAgent(principal: Principal, agent_id: string): Promise<void> {
    const version = await this.agents.findCurrentVersion(agent_id);
    const allowed = mayTalk(principal, agent_id, version?.configuration.access.chat === 'public');
    if (!allowed)
      throw new ServiceError(
        'unauthorized',
        'Send an API key with the scope agents:run, or a chat token of this agent.',
      );
    if (!version) throw agentNotFound();
  }

  /** @throws {ServiceError} `thread_not_found`, also for a thread of somebody else. */
  async findThread(principal: Principal, thread_id: string, agent_id?: string): Promise<ThreadEntity> {
    const thread = await this.threads.find(thread_id);
    const visible =
      thread &&
      (agent_id === undefined || thread.agent_id === agent_id) &&
      (seesAllThreads(principal) || isOwn(principal, thread));
    if (!visible) throw threadNotFound();
    return thread;
  }
}

/** `public` lets strangers in, and keys as strangers; a credential of another agent, or of a runner, is none here. */
function mayTalk(principal: Principal, agent_id: string, isPublic: boolean): boolean {
  switch (principal.kind) {
    case 'api_key':
      return isPublic || hasScope(principal, 'agents:run');
    case 'chat_token':
      return principal.agent_id === agent_id;
    case 'anonymous':
      return isPublic;
    case 'instance':
      return false;
  }
}

const seesAllThreads = (principal: Principal): boolean =>
  hasScope(principal, 'agents:read') || hasScope(principal, 'agents:run');

const isOwn = (principal: Principal, thread: ThreadEntity): boolean =>
  thread.owner === ownerOf(principal) &&
  (principal.kind !== 'chat_token' || thread.agent_id === principal.agent_id);
