import type { RunnerReport } from '@roost/contracts';
import type { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { withBackoff } from '../lifecycle/backoff';
import type { Fence } from '../lifecycle/fence';

/** Milliseconds Redis may be away before an instance gives up; its messages then wait for the next one. */
const REPORT_DEADLINE_MS = 5 * 60_000;

/** What became of each message, told to the manager. */
export class ReportSender {
  constructor(
    private readonly messaging: Messaging,
    private readonly agent_id: string,
    private readonly fence: Fence,
    private readonly logger: Logger,
  ) {}

  /** Adds the report, again and again while Redis is away: the manager takes the first of equal ones. */
  async send(report: RunnerReport): Promise<void> {
    await withBackoff(() => this.messaging.streams.add('reports', this.agent_id, report), {
      deadline_ms: REPORT_DEADLINE_MS,
      isRetryable: () => !this.fence.isRaised,
      onFailure: (error) => {
        this.fence.inspect(error);
        this.logger.warn({ err: error, message_id: report.message_id }, 'report not added, trying again');
      },
    });
  }
}
