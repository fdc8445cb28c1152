import { Inject, Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { AgentsRepository, type AgentStatusView } from '../agents/agents.repository';
import { LOGGER } from '../logging';

/** States in which nothing more happens by itself. */
const settled = new Set(['stopped', 'running', 'failed']);

/** Tells every manager what an agent is doing, and waits for it. */
@Injectable()
export class AgentStatusPublisher {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly messaging: Messaging,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Reads the stored status and announces it. Redis being away is logged: clients see the status with the next change. */
  async announce(agent_id: string): Promise<void> {
    const status = await this.agents.status(agent_id);
    if (!status) return;
    await this.publish(status, {});
  }

  /** Tells that the agent is being deleted, so that nobody waits for it any more. */
  async announceDeleted(agent_id: string): Promise<void> {
    const status = await this.agents.status(agent_id);
    if (status) await this.publish(status, { deleted: true });
  }

  private async publish(status: AgentStatusView, more: { deleted?: true }): Promise<void> {
    const { agent_id, state, reason, detail, generation, as_of } = status;
    await this.messaging.topics
      .publishAgentStatus({ agent_id, state, reason, detail, generation, as_of, ...more })
      .catch((error: unknown) => this.logger.warn({ err: error, agent_id }, 'status not announced'));
  }

  /** Resolves with the status once it has settled, or as it is after `seconds`. */
  async settled(agent_id: string, seconds: number): Promise<AgentStatusView> {
    let look: () => void = () => undefined;
    // Without Redis nobody tells: looking now and then has to do.
    const unsubscribe = await this.messaging.topics
      .onAgentStatus(agent_id, () => look())
      .catch(() => () => undefined);
    const deadline = Date.now() + seconds * 1_000;
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => (look = resolve));
        const status = await this.agents.status(agent_id);
        if (!status) throw new ServiceError('agent_not_found', 'The agent was deleted meanwhile.');
        const left = deadline - Date.now();
        if (settled.has(status.state) || left <= 0) return status;
        await Promise.race([changed, delay(Math.min(left, 1_000))]);
      }
    } finally {
      unsubscribe();
    }
  }
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
