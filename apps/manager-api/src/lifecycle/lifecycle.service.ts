import { Inject, Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { AgentLogsDto, AgentStatusDto } from '@roost/contracts/rest';
import type { Launcher } from '@roost/launcher';
import { AgentsRepository } from '../agents/agents.repository';
import { agentNotFound, toStatusDto } from '../agents/agent.views';
import { CONFIG, type ManagerConfig } from '../config';
import { newSecret, hashSecret } from '../secrets/token.hash';
import { AgentStatusPublisher } from './agent-status.publisher';
import { InstanceEnding } from './instance-ending.service';
import { InstanceLaunching } from './instance-launching.service';
import { InstancesRepository } from './instances.repository';
import { LAUNCHER } from './launcher.provider';

/** Seconds a stop may outlast its grace period before the reconciler steps in. */
const STOP_MARGIN_S = 15;

/** Starts, stops and wakes agents. The work goes on when the caller does not wait for it. */
@Injectable()
export class LifecycleService {
  constructor(
    private readonly instances: InstancesRepository,
    private readonly agents: AgentsRepository,
    private readonly launching: InstanceLaunching,
    private readonly ending: InstanceEnding,
    private readonly statuses: AgentStatusPublisher,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /** Starts the agent unless it lives; with `wait` resolves once it runs or has failed, or the time is over. */
  async start(agent_id: string, wait: number): Promise<AgentStatusDto> {
    await this.begin(agent_id, false);
    return toStatusDto(await this.statuses.settled(agent_id, wait));
  }

  /** Starts the agent because a message waits for it; in backoff it stays as it is. */
  async wake(agent_id: string): Promise<void> {
    if (await this.instances.findLive(agent_id)) return;
    await this.begin(agent_id, true);
  }

  /** SIGTERM, grace period, kill; `force` kills at once, and what was under way fails visibly. */
  async stop(agent_id: string, force: boolean): Promise<AgentStatusDto> {
    await this.statusOrFail(agent_id);
    const grace = force ? 0 : this.config.STOP_GRACE_SECONDS;
    const instance = await this.instances.beginStop(agent_id, grace + STOP_MARGIN_S);
    if (instance) {
      await this.statuses.announce(agent_id);
      this.ending.stopInBackground(instance, grace, force);
    } else {
      await this.ending.settleOwed(agent_id, force);
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
    this.ending.stopInBackground(instance, grace, false);
  }

  /** Stops the agent at once and deletes all of it; an absent agent counts as deleted. */
  async remove(agent_id: string): Promise<void> {
    if (!(await this.agents.status(agent_id))) return;
    await this.agents.disable(agent_id);
    const instance = await this.instances.beginStop(agent_id, STOP_MARGIN_S);
    if (instance) await this.ending.stop(instance, 0, true);
    const newest = await this.instances.findNewest(agent_id);
    if (newest) await this.launcher.remove(newest.id);
    await this.ending.forget(agent_id);
    await this.agents.delete(agent_id);
  }

  async logs(agent_id: string, tail: number): Promise<AgentLogsDto> {
    await this.statusOrFail(agent_id);
    const newest = await this.instances.findNewest(agent_id);
    return {
      instance_id: newest?.id ?? null,
      lines: newest ? await this.launcher.logs(newest.id, tail) : [],
    };
  }

  private async begin(agent_id: string, wakes: boolean): Promise<void> {
    const code = newSecret('inst');
    const outcome = await this.instances.begin(
      agent_id,
      hashSecret(code),
      this.config.START_DEADLINE_SECONDS,
      { wakes },
    );
    switch (outcome.kind) {
      case 'begun':
        await this.statuses.announce(agent_id);
        this.launching.launchInBackground(outcome.instance, code);
        return;
      case 'live':
      case 'backoff':
        return;
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
