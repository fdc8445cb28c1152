import { Inject, Injectable } from '@nestjs/common';
import type { RunnerReport } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { CONFIG, type ManagerConfig } from '../config';
import { approvalFrame } from './approval.views';
import { PausesRepository } from './pauses.repository';

/** Takes in that a run waits for approval: commits it, then shows what it asks. */
@Injectable()
export class RunPauses {
  constructor(
    private readonly pauses: PausesRepository,
    private readonly messaging: Messaging,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /** Told twice, it shows the requests twice; readers drop what they have seen. */
  async takeIn(agent_id: string, report: Extract<RunnerReport, { outcome: 'paused' }>): Promise<void> {
    const waiting = await this.pauses.pause(agent_id, report, this.config.APPROVAL_TIMEOUT_SECONDS);
    const [first, ...rest] = waiting.map(approvalFrame);
    if (first) await this.messaging.eventLog.append(agent_id, report.thread_id, first, ...rest);
  }

  /** The report cannot be committed, and its message fails. */
  async giveUp(agent_id: string, { thread_id }: RunnerReport): Promise<void> {
    await this.pauses.count(agent_id, thread_id);
  }
}
