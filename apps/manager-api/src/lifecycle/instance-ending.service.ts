import { Inject, Injectable } from '@nestjs/common';
import type { FailureReason } from '@roost/contracts';
import type { Launcher } from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { AgentsRepository } from '../agents/agents.repository';
import { RepliesService } from '../chat/replies.service';
import { ThreadsRepository } from '../chat/threads.repository';
import { CONFIG, type ManagerConfig } from '../config';
import { LOGGER } from '../logging';
import { AgentStatusPublisher } from './agent-status.publisher';
import type { InstanceEntity } from './instance.entity';
import { InstancesRepository } from './instances.repository';
import { LAUNCHER } from './launcher.provider';
import { LifecycleEvents } from './lifecycle.events';
import { LostRuns } from './lost-runs.service';

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
    private readonly lostRuns: LostRuns,
    private readonly threads: ThreadsRepository,
    private readonly messaging: Messaging,
    private readonly statuses: AgentStatusPublisher,
    private readonly events: LifecycleEvents,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  stopInBackground(instance: InstanceEntity, grace_s: number): void {
    this.stop(instance, grace_s).catch((error: unknown) => {
      this.logger.error(
        { err: error, agent_id: instance.agent_id, instance_id: instance.id },
        'stop failed; the reconciler goes on',
      );
    });
  }

  /** Resolves once the instance is gone. */
  async stop(instance: InstanceEntity, grace_s: number): Promise<void> {
    await this.launcher.stop(instance.id, grace_s);
    await this.finish(instance, null);
  }

  /** The instance runs no more. Doing this twice is harmless. */
  async finish(instance: InstanceEntity, failure: EndingFailure | null): Promise<void> {
    const { id, agent_id } = instance;
    await this.messaging.instanceAccess.revoke(id);
    await this.replies.takeIn(agent_id);
    if (failure && !failure.final) await this.lostRuns.blame(instance);
    const before = await this.instances.end(id, failure, this.config.FAILED_KEEP_SECONDS);
    if (!before) return;
    this.logger.info({ agent_id, instance_id: id, ...(failure ?? { reason: 'stopped' }) }, 'instance ended');
    await this.settleOwed(agent_id, failure?.final ?? false);
    await this.statuses.announce(agent_id);
    this.events.ended({ agent_id, restart_wanted: before.restart_wanted });
    // Last: a platform that does not answer now is asked again by the reconciler.
    if (!failure) await this.removeEnded(id);
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
    await Promise.all([
      this.messaging.heartbeats.forget(agent_id),
      this.messaging.inboxes.forget(agent_id),
      this.messaging.streams.drop('reports', agent_id),
    ]);
  }
}
