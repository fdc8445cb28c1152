import { internalPaths, type ReadyRequest, type ReadyResponse } from '@roost/contracts';
import type { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { setTimeout as pause } from 'node:timers/promises';
import type { ManagerClient } from '../exchange/manager.client';
import type { AgentGraph } from '../graph/agent.graph';
import type { HeartbeatService } from '../heartbeat/heartbeat.service';
import type { InboxReader } from '../inbox/inbox.reader';
import type { ThreadScheduler } from '../inbox/thread.scheduler';
import type { ToolTesting } from '../tools/tool.testing';
import type { DatabaseClock } from '../timeline/database.clock';
import type { InstanceTimeline } from '../timeline/instance.timeline';
import { processUptime } from '../timeline/process.uptime';
import { withBackoff } from './backoff';
import { ExitError } from './exit.codes';
import { CredentialRefusedError, type Fence } from './fence';

const READY_DEADLINE_MS = 60_000;
const LISTEN_DEADLINE_MS = 60_000;
/** Milliseconds of the grace period kept for handing back and closing. */
const STOP_MARGIN_MS = 2_000;
/** Milliseconds an aborted run may take to notice. */
const ABORT_MS = 1_000;

/** The order in which an instance comes up and goes down. */
export class RunnerService {
  constructor(
    private readonly agent_id: string,
    private readonly manager: ManagerClient,
    private readonly messaging: Messaging,
    private readonly inbox: InboxReader,
    private readonly scheduler: ThreadScheduler,
    private readonly heartbeat: HeartbeatService,
    private readonly runs: AbortController,
    private readonly fence: Fence,
    private readonly timeline: InstanceTimeline,
    private readonly tests: ToolTesting,
    private readonly graph: Pick<AgentGraph, 'forget'>,
    private readonly clock: DatabaseClock,
    private readonly logger: Logger,
  ) {}

  /**
   * Resolves when messages are being answered and the manager knows.
   * @throws {ExitError} when Redis or the manager stays silent.
   */
  async start(): Promise<void> {
    await Promise.all([this.heartbeat.start(), this.obey()]);
    await this.inbox.join();
    void this.inbox.read();
    // A getter: each attempt tells how old the process is by then.
    const readiness: ReadyRequest = {
      get uptime_ms() {
        return processUptime();
      },
    };
    try {
      const { ready_at } = await this.manager.request<ReadyResponse>({
        method: 'POST',
        path: internalPaths.ready,
        body: readiness,
        deadline_ms: READY_DEADLINE_MS,
        signal: this.runs.signal,
        onAnswer: ({ clock }, sent, received) => this.clock.sample(sent, received, clock),
      });
      this.timeline.ready(ready_at);
    } catch (error) {
      this.fence.inspect(error);
      if (error instanceof CredentialRefusedError || this.runs.signal.aborted) return;
      throw new ExitError('unavailable', 'The manager did not take the news that this instance is ready.', {
        cause: error,
      });
    }
    this.logger.info('ready');
  }

  /** Before the inbox is read: what is cancelled from then on is heard of. */
  private async obey(): Promise<void> {
    // Nobody knows what was erased meanwhile.
    this.messaging.topics.onRestored(() => this.graph.forget());
    const listen = async (): Promise<void> => {
      await this.messaging.topics.onCancel(this.agent_id, ({ message_ids }) =>
        this.scheduler.cancel(message_ids),
      );
      await this.messaging.topics.onForgotten(this.agent_id, ({ thread_id }) => this.graph.forget(thread_id));
      // Last: what is repeated after a failure must not listen twice, for a call has effects.
      await this.tests.listen((error) => this.logger.warn({ err: error }, 'a tool could not be tried'));
    };
    try {
      await withBackoff(listen, {
        deadline_ms: LISTEN_DEADLINE_MS,
        signal: this.runs.signal,
        isRetryable: () => !this.fence.isRaised,
        onFailure: (error) => this.fence.inspect(error),
      });
    } catch (error) {
      throw new ExitError('unavailable', 'Redis takes no subscription; check REDIS_URL.', { cause: error });
    }
  }

  /** Finishes what is under way within `grace_ms`, less a margin, and hands back the rest. */
  async stop(grace_ms: number): Promise<void> {
    this.inbox.stop();
    this.scheduler.close();
    const idle = this.scheduler.whenIdle();
    await Promise.race([idle, pause(Math.max(0, grace_ms - STOP_MARGIN_MS), undefined, { ref: false })]);
    // Neither reported nor acknowledged: the next instance starts these messages again.
    this.runs.abort(new Error('The instance is stopping'));
    await Promise.race([idle, pause(ABORT_MS, undefined, { ref: false })]);
    const handed_back = this.scheduler.message_ids;
    this.heartbeat.stop();
    this.messaging.close();
    this.logger.info({ handed_back: handed_back.length }, 'stopped');
  }
}
