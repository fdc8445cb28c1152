import { Inject, Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { AgentStatusDto } from '@roost/contracts/rest';
import type { Launcher } from '@roost/launcher';
import pLimit, { type LimitFunction } from 'p-limit';
import { AgentsRepository } from '../agents/agents.repository';
import { agentNotFound, toStatusDto } from '../agents/agent.views';
import { CONFIG, type ManagerConfig } from '../config';
import { newSecret, hashSecret } from '../secrets/token.hash';
import { AgentStatusPublisher } from './agent-status.publisher';
import { InstanceEnding } from './instance-ending.service';
import { InstanceLaunching } from './instance-launching.service';
import { type InstanceEntity, neverLaunched } from './instance.entity';
import { type BeginOptions, InstanceBeginnings } from './instance-beginnings.repository';
import { InstancesRepository } from './instances.repository';
import { LAUNCHER } from './launcher.provider';
import { StartQueue } from './start-queue/start-queue.service';

/** Seconds a stop may outlast its grace period before the reconciler steps in. */
const STOP_MARGIN_S = 15;
/** Others may start the agent between its stop and a start by hand. */
const TAKE_OVER_ATTEMPTS = 3;

/** Starts, stops and wakes agents. The work goes on when the caller does not wait for it. */
@Injectable()
export class LifecycleService {
  /** A storm of starts leaves half of the connections to the database to everything else. */
  private readonly beginning: LimitFunction;

  constructor(
    private readonly instances: InstancesRepository,
    private readonly beginnings: InstanceBeginnings,
    private readonly agents: AgentsRepository,
    private readonly launching: InstanceLaunching,
    private readonly ending: InstanceEnding,
    private readonly statuses: AgentStatusPublisher,
    private readonly starts: StartQueue,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {
    this.beginning = pLimit(Math.floor(config.DATABASE_POOL_SIZE / 2));
  }

  /** Starts the agent unless it lives; with `wait` resolves once it runs or has failed, or the time is over. */
  async start(agent_id: string, wait: number): Promise<AgentStatusDto> {
    await this.begin(agent_id, false);
    return toStatusDto(await this.statuses.settled(agent_id, wait));
  }

  /** Starts the agent because a message waits for it; in backoff it stays as it is. */
  async wake(agent_id: string): Promise<void> {
    if (await this.instances.isLive(agent_id)) return;
    await this.begin(agent_id, true);
  }

  /** Starts the agent anew, for a member of the warm pool that was to be its instance did not answer. */
  async startCold(agent_id: string): Promise<void> {
    await this.begin(agent_id, true, true);
  }

  /** SIGTERM, grace period, kill; `force` kills at once, and what was under way fails visibly. */
  async stop(agent_id: string, force: boolean): Promise<AgentStatusDto> {
    await this.statusOrFail(agent_id);
    const grace = force ? 0 : this.config.STOP_GRACE_SECONDS;
    const instance = await this.instances.beginStop(agent_id, grace + STOP_MARGIN_S);
    // First, so that the end of the instance finds nothing owed to start again for.
    if (force || !instance) await this.ending.settleOwed(agent_id, force);
    if (instance) {
      await this.statuses.announce(agent_id);
      // One that waits for its turn has nothing that could take time.
      if (neverLaunched(instance)) await this.ending.stop(instance, 0);
      else this.ending.stopInBackground(instance, grace);
    }
    return toStatusDto(await this.statusOrFail(agent_id));
  }

  /** Puts an idle agent to sleep, unless a message came in between. */
  async stopIfIdle(agent_id: string): Promise<void> {
    const grace = this.config.STOP_GRACE_SECONDS;
    const instance = await this.instances.beginIdleStop(
      agent_id,
      this.config.AGENT_INACTIVITY_TIMEOUT,
      grace + STOP_MARGIN_S,
    );
    if (!instance) return;
    await this.statuses.announce(agent_id);
    this.ending.stopInBackground(instance, grace);
  }

  /** Stops the agent at once and deletes all of it; an absent agent counts as deleted. */
  async remove(agent_id: string): Promise<void> {
    if (!(await this.agents.status(agent_id))) return;
    await this.agents.disable(agent_id);
    await this.statuses.announceDeleted(agent_id);
    await this.ending.failDeleted(agent_id);
    const instance = await this.instances.beginStop(agent_id, STOP_MARGIN_S);
    if (instance) await this.ending.stop(instance, 0);
    const newest = await this.instances.findNewestLaunched(agent_id);
    if (newest) await this.launcher.remove(newest.id);
    await this.ending.forget(agent_id);
    await this.agents.delete(agent_id);
    // An inbox may have been filled between the two; after this, whoever fills it sees that the agent is gone.
    await this.ending.forgetInstance(agent_id);
  }

  /**
   * Takes a new generation for a program that a person runs, and says how to start it. What ran before is stopped.
   */
  async startByHand(agent_id: string): Promise<{ instance_id: string; code: string; generation: number }> {
    const code = newSecret('inst');
    for (let attempt = 1; attempt <= TAKE_OVER_ATTEMPTS; attempt += 1) {
      const live = await this.instances.beginStop(agent_id, this.config.STOP_GRACE_SECONDS + STOP_MARGIN_S);
      if (live) await this.ending.stop(live, this.config.STOP_GRACE_SECONDS);
      const outcome = await this.beginInstance(agent_id, code, { wakes: false, by_hand: true });
      if (!outcome) continue;
      await this.statuses.announce(agent_id);
      await this.launching.prepare(agent_id);
      return { instance_id: outcome.id, code, generation: outcome.generation };
    }
    throw new ServiceError('agent_failed', 'The agent was started by others meanwhile; try again.');
  }

  private async begin(agent_id: string, wakes: boolean, cold = false): Promise<void> {
    const code = newSecret('inst');
    const instance = await this.beginning(() =>
      this.beginInstance(agent_id, code, { wakes, by_hand: false, cold }),
    );
    if (!instance) return;
    if (instance.claimed) return this.launching.launchInBackground(instance, code);
    const admitted = await this.starts.admit();
    if (!admitted.has(instance.id)) await this.statuses.announce(agent_id);
  }

  /** Null when one lives, or the agent must not be woken yet. */
  private async beginInstance(
    agent_id: string,
    code: string,
    options: BeginOptions,
  ): Promise<InstanceEntity | null> {
    await this.launching.checkReachable();
    const outcome = await this.beginnings.begin(agent_id, hashSecret(code), options);
    switch (outcome.kind) {
      case 'begun':
        return outcome.instance;
      case 'live':
      case 'backoff':
        return null;
      case 'not_found':
        throw agentNotFound();
      case 'disabled':
        throw new ServiceError(
          'agent_disabled',
          'Enable it first: PATCH /agents/{agent_id} {"enabled": true}.',
        );
    }
  }

  private async statusOrFail(agent_id: string) {
    const status = await this.agents.status(agent_id);
    if (!status) throw agentNotFound();
    return status;
  }
}
