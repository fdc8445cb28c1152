import { Inject, Injectable } from '@nestjs/common';
import type { FailureReason } from '@roost/contracts';
import { type Launcher, LauncherUnavailableError } from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import pRetry from 'p-retry';
import type { Logger } from 'pino';
import { AgentsRepository } from '../agents/agents.repository';
import { RepliesService } from '../chat/replies.service';
import { ThreadsRepository } from '../chat/threads.repository';
import { CONFIG, type ManagerConfig } from '../config';
import { LOGGER } from '../logging';
import { AgentStatusPublisher } from './agent-status.publisher';
import { type InstanceEntity, neverLaunched } from './instance.entity';
import { InboxService } from './inbox.service';
import { InstancesRepository } from './instances.repository';
import { LAUNCHER } from './launcher.provider';
import { LifecycleEvents } from './lifecycle.events';
import { LostRuns } from './lost-runs.service';
import { wasNotTaken } from './observation';

/** Milliseconds after the grace period in which a stop is asked for again. */
const STOP_RETRIES_MS = 15_000;
/** Threads whose logs are dropped in one step. */
const THREADS_AT_ONCE = 500;

export interface EndingFailure {
  reason: Exclude<FailureReason, 'crash_loop'>;
  detail: string;
  /** Trying again would not help: what is owed fails visibly at once. */
  final: boolean;
}

/** Ends instances: fenced off first, what they reported taken in, then recorded, then removed. */
@Injectable()
export class InstanceEnding {
  constructor(
    private readonly instances: InstancesRepository,
    private readonly agents: AgentsRepository,
    private readonly replies: RepliesService,
    private readonly threads: ThreadsRepository,
    private readonly inbox: InboxService,
    private readonly lostRuns: LostRuns,
    private readonly messaging: Messaging,
    private readonly statuses: AgentStatusPublisher,
    private readonly events: LifecycleEvents,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A platform that is away is asked again until the reconciler steps in. */
  stopInBackground(instance: InstanceEntity, grace_s: number): void {
    pRetry(() => this.stop(instance, grace_s), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 200,
      maxTimeout: 2_000,
      randomize: true,
      unref: true,
      maxRetryTime: grace_s * 1_000 + STOP_RETRIES_MS,
      shouldRetry: ({ error }) => error instanceof LauncherUnavailableError,
    }).catch((error: unknown) => {
      this.logger.error(
        { err: error, agent_id: instance.agent_id, instance_id: instance.id },
        'stop failed; the reconciler goes on',
      );
    });
  }

  /** Resolves once the instance is gone. */
  async stop(instance: InstanceEntity, grace_s: number): Promise<void> {
    if (!neverLaunched(instance)) await this.launcher.stop(instance.id, grace_s);
    await this.finish(instance, null);
  }

  /** The instance runs no more. Doing this twice is harmless. */
  async finish(instance: InstanceEntity, failure: EndingFailure | null): Promise<void> {
    const { id, agent_id } = instance;
    const launched = !neverLaunched(instance);
    if (launched) {
      await this.messaging.instanceAccess.revoke(id);
      await this.replies.takeIn(agent_id);
      if (failure && !failure.final) await this.lostRuns.blame(instance);
    }
    const before = await this.instances.end(id, failure, this.config.FAILED_KEEP_SECONDS);
    if (!before) return;
    this.logger.info({ agent_id, instance_id: id, ...(failure ?? { reason: 'stopped' }) }, 'instance ended');
    await this.settleOwed(agent_id, failure?.final ?? false);
    // Redis may be away: the next start tidies, too, and must not be forgotten for that.
    await this.inbox.tidy(agent_id).catch((error: unknown) => {
      this.logger.warn({ err: error, agent_id }, 'an inbox was not tidied; the next start does that');
    });
    await this.statuses.announce(agent_id);
    this.events.ended({
      agent_id,
      restart_wanted: before.restart_wanted,
      starts_cold: failure === null && wasNotTaken(before),
    });
    // Nobody waits for it: a platform that does not answer now is asked again by the reconciler.
    if (!launched) await this.instances.markRemoved(id);
    else if (!failure) this.removeInBackground(id);
  }

  /** What cannot be answered any more fails visibly: of a disabled or looping agent, or all when `drops`. */
  async settleOwed(agent_id: string, drops: boolean): Promise<void> {
    const status = await this.agents.status(agent_id);
    if (!status) return;
    if (!status.enabled) await this.replies.failOwed(agent_id, 'agent_disabled', 'The agent was disabled.');
    else if (status.reason !== null && (drops || status.reason === 'crash_loop')) {
      await this.replies.failOwed(agent_id, 'agent_failed', status.detail ?? 'The agent could not start.');
    } else if (drops) await this.replies.failOwed(agent_id, 'run_lost', 'The agent was stopped by force.');
  }

  /** Removes what is left of an ended instance. */
  async removeEnded(id: string): Promise<void> {
    await this.launcher.remove(id);
    await this.instances.markRemoved(id);
  }

  private removeInBackground(id: string): void {
    this.removeEnded(id).catch((error: unknown) => {
      this.logger.warn({ err: error, instance_id: id }, 'the reconciler removes this instance');
    });
  }

  /** Tells whoever waits for an answer of an agent that is being deleted. */
  async failDeleted(agent_id: string): Promise<void> {
    await this.replies.failOwed(agent_id, 'agent_not_found', 'The agent was deleted.');
  }

  /** Forgets what Redis keeps for an agent that is being deleted. */
  async forget(agent_id: string): Promise<void> {
    for (let after: string | null = ''; after !== null;) {
      const thread_ids: string[] = await this.threads.idsAfter(agent_id, after, THREADS_AT_ONCE);
      await this.messaging.eventLog.drop(agent_id, ...thread_ids);
      after = thread_ids.length < THREADS_AT_ONCE ? null : (thread_ids.at(-1) ?? null);
    }
    await this.forgetInstance(agent_id);
  }

  /** What Redis keeps of an agent but the logs of its threads. */
  async forgetInstance(agent_id: string): Promise<void> {
    await Promise.all([
      this.messaging.heartbeats.forget(agent_id),
      this.messaging.inboxes.forget(agent_id),
      this.messaging.streams.drop('reports', agent_id),
    ]);
  }
}
