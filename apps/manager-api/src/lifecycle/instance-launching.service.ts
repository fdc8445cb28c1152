import { Inject, Injectable } from '@nestjs/common';
import { type Launcher, LaunchRefusedError, LauncherUnavailableError } from '@roost/launcher';
import pRetry, { AbortError } from 'p-retry';
import type { Logger } from 'pino';
import type { AgentVersionEntity } from '../agents/agent-version.entity';
import { AgentsRepository } from '../agents/agents.repository';
import { CONFIG, type ManagerConfig } from '../config';
import { LOGGER } from '../logging';
import { InboxService } from './inbox.service';
import { InstanceEnding } from './instance-ending.service';
import type { InstanceEntity } from './instance.entity';
import { instanceSpec } from './instance-spec';
import { LAUNCHER } from './launcher.provider';
import { PoolKeeper } from './pool/pool.keeper';
import { PoolService } from './pool/pool.service';
import { RuntimeConfiguration } from './runtime-configuration.service';

/** Brings a new instance to life, or says why that failed. */
@Injectable()
export class InstanceLaunching {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly inbox: InboxService,
    private readonly ending: InstanceEnding,
    private readonly runtime: RuntimeConfiguration,
    private readonly pool: PoolService,
    private readonly keeper: PoolKeeper,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returns at once: the outcome shows in the agent's status, at the latest with the start deadline. */
  launchInBackground(instance: InstanceEntity, code: string): void {
    this.launch(instance, code).catch((error: unknown) => {
      this.logger.error(
        { err: error, agent_id: instance.agent_id, instance_id: instance.id },
        'launch failed; the reconciler goes on',
      );
    });
  }

  /** What must stand ready before an instance of the agent runs. */
  async prepare(agent_id: string): Promise<void> {
    await this.inbox.rebuild(agent_id);
  }

  private whyInvalid(version: AgentVersionEntity): string | null {
    try {
      this.runtime.of(version);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async launch(instance: InstanceEntity, code: string): Promise<void> {
    const version = await this.agents.findCurrentVersion(instance.agent_id);
    if (!version) return;
    const invalid = this.whyInvalid(version);
    if (invalid !== null)
      return this.ending.finish(instance, { reason: 'config_invalid', detail: invalid, final: true });
    await this.prepare(instance.agent_id);
    if (instance.claimed) return this.handOver(instance, code);
    const spec = instanceSpec(instance, version.configuration.limits, code, this.config);
    try {
      await pRetry(() => this.launcher.launch(spec).catch(retryWhenUnavailable), {
        retries: 5,
        minTimeout: 200,
        maxTimeout: 5_000,
        randomize: true,
        maxRetryTime: this.config.START_DEADLINE_SECONDS * 1_000,
      });
      this.logger.info(
        { agent_id: instance.agent_id, instance_id: instance.id, generation: instance.generation },
        'instance launched',
      );
    } catch (error) {
      if (!(error instanceof LaunchRefusedError)) throw error;
      await this.ending.finish(instance, { reason: 'start_failed', detail: error.message, final: true });
    }
  }

  /** It runs already: it only has to be told. When it cannot be, the agent starts cold. */
  private async handOver(instance: InstanceEntity, code: string): Promise<void> {
    try {
      await this.pool.assign(instance, code);
      this.logger.info(
        { agent_id: instance.agent_id, instance_id: instance.id, generation: instance.generation },
        'instance claimed from the pool',
      );
    } catch (error) {
      this.logger.warn({ err: error, instance_id: instance.id }, 'a pool member cannot be told its agent');
      await this.ending.finish(instance, null);
    }
    this.keeper.refillSoon();
  }
}

function retryWhenUnavailable(error: unknown): never {
  if (error instanceof LauncherUnavailableError) throw error;
  throw error instanceof Error ? new AbortError(error) : new AbortError(String(error));
}
