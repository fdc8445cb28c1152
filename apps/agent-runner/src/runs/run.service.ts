import { type InboxEntry, newRunId, type RunnerReport } from '@roost/contracts';
import type { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import type { ConfigurationCache } from '../configuration/configuration.cache';
import type { AgentGraph } from '../graph/agent.graph';
import type { Fence } from '../lifecycle/fence';
import { FrameWriter } from '../outbox/frame.writer';
import type { ReportSender } from '../outbox/report.sender';
import { failureOf, logFieldsOf } from './run.failure';

export interface RunIdentity {
  agent_id: string;
  generation: number;
}

/** One message to its reply: stream the answer, then report it. */
export class RunService {
  constructor(
    private readonly identity: RunIdentity,
    private readonly configurations: ConfigurationCache,
    private readonly graph: AgentGraph,
    private readonly messaging: Messaging,
    private readonly reports: ReportSender,
    private readonly fence: Fence,
    private readonly logger: Logger,
  ) {}

  /**
   * Resolves when the report was added. Rejects only when `signal` aborted the run, the instance was replaced or
   * the report could not be added: then the message is somebody else's to answer.
   */
  async execute(entry: InboxEntry, signal: AbortSignal): Promise<void> {
    const { message_id, thread_id } = entry;
    const run_id = newRunId();
    const log = this.logger.child({ message_id, thread_id, run_id });
    const frames = new FrameWriter({
      message_id,
      run_id,
      append: (...batch) => this.messaging.eventLog.append(this.identity.agent_id, thread_id, ...batch),
      onFailure: (error) => {
        this.fence.inspect(error);
        log.warn({ err: error }, 'the event log failed; only the final reply will be seen');
      },
    });
    // A signal of its own: each run adds listeners, and the instance's would gather those of all.
    const outcome = await this.answer(entry, frames, AbortSignal.any([signal]), log);
    await frames.drain();
    const { generation } = this.identity;
    await this.reports.send({ message_id, thread_id, run_id, generation, ...outcome });
  }

  private async answer(
    entry: InboxEntry,
    frames: FrameWriter,
    signal: AbortSignal,
    log: Logger,
  ): Promise<Outcome> {
    const started = performance.now();
    frames.started();
    try {
      const reply = await this.graph.answer(
        entry,
        {
          configuration: await this.configurations.of(entry.version),
          onToken: (text) => frames.token(text),
          onRetry: (detail) => frames.run('retrying', detail),
          onTool: (name, state, content) => frames.tool(name, state, content),
        },
        signal,
      );
      frames.run('completed', 'The run has completed.');
      log.info({ ms: Math.round(performance.now() - started) }, 'run completed');
      return { outcome: 'completed', ...reply };
    } catch (error) {
      this.fence.inspect(error);
      if (signal.aborted || this.fence.isRaised) {
        frames.discard();
        throw error;
      }
      const failure = failureOf(error);
      log.warn({ failure: failure.code, ...logFieldsOf(error) }, 'run failed');
      frames.run('failed', failure.detail);
      return { outcome: 'failed', ...failure };
    }
  }
}

type OwnFields<Report> = Report extends unknown
  ? Omit<Report, 'message_id' | 'thread_id' | 'run_id' | 'generation'>
  : never;
type Outcome = OwnFields<RunnerReport>;
