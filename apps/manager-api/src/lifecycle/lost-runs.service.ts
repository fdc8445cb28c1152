import { Inject, Injectable } from '@nestjs/common';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { failureFrame } from '../chat/message.views';
import { LOGGER } from '../logging';
import { ManagerMetrics } from '../metrics/manager.metrics';
import type { InstanceEntity } from './instance.entity';
import { LostRunsRepository } from './lost-runs.repository';

/** Losses after which a message is run with nothing beside it. */
const SUSPECT_AFTER = 2;
/** Losses after which a message is given up. */
const SET_ASIDE_AFTER = 3;

/** Finds the message that kills whoever runs it, and sets it aside. */
@Injectable()
export class LostRuns {
  constructor(
    private readonly lostRuns: LostRunsRepository,
    private readonly messaging: Messaging,
    private readonly metrics: ManagerMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What the next instance runs alone. */
  suspects(agent_id: string): Promise<string[]> {
    return this.lostRuns.listOwed(agent_id, SUSPECT_AFTER);
  }

  /**
   * An instance has failed, and its end is not recorded yet. What it ran is counted against it; what was lost too
   * often fails visibly, and the agent, which is not to blame, is given a new start.
   */
  async blame({ id, agent_id }: Pick<InstanceEntity, 'id' | 'agent_id'>): Promise<void> {
    const last = await this.messaging.heartbeats.read(agent_id);
    if (last?.instance_id !== id || !last.begun_ids?.length) return;
    await this.lostRuns.record(agent_id, id, last.begun_ids);
    const set_aside = await this.lostRuns.fail(agent_id, SET_ASIDE_AFTER, 'run_lost');
    for (const { id: message_id, thread_id } of set_aside) {
      this.metrics.messageFailed('run_lost');
      this.logger.error({ agent_id, message_id }, 'a message that ends its runner was set aside');
      const detail = `Its run was lost ${SET_ASIDE_AFTER} times, with the runner; it was set aside.`;
      await this.messaging.eventLog
        .append(agent_id, thread_id, failureFrame(message_id, 'run_lost', detail))
        .catch((error: unknown) => {
          this.logger.warn({ err: error, agent_id, message_id }, 'a failure is stored and was not shown');
        });
    }
  }
}
