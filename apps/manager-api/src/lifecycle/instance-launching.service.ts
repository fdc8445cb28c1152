import { Inject, Injectable } from '@nestjs/common';
import { type Launcher, LaunchRefusedError, LauncherUnavailableError } from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import pRetry, { AbortError, type Options } from 'p-retry';
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
import { RuntimeConfiguration } from './runtime-configuration.service';

/** Brings a new instance to life, or says why that failed. */
@Injectable()
export class InstanceLaunching {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly inbox: InboxService,
    private readonly ending: InstanceEnding,
    private readonly runtime: RuntimeConfiguration,
    private readonly messaging: Messaging,
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

  /** Without Redis no instance gets ready: a start then would only become a failure. @throws when it is away */
  async checkReachable(): Promise<void> {
    await this.messaging.ping();
  }

  /** What must stand ready before an instance of the agent runs. */
  async prepare(agent_id: string): Promise<void> {
    await this.inbox.rebuild(agent_id);
  }

  private attempts(): Options {
    return {
      retries: 5,
      minTimeout: 200,
      maxTimeout: 5_000,
      randomize: true,
      maxRetryTime: this.config.START_DEADLINE_SECONDS * 1_000,
    };
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
    await pRetry(() => this.prepare(instance.agent_id), this.attempts());
    const spec = instanceSpec(instance, version.configuration.limits, code, this.config);
    try {
      await pRetry(() => this.launcher.launch(spec).catch(retryWhenUnavailable), this.attempts());
      this.logger.info(
        { agent_id: instance.agent_id, instance_id: instance.id, generation: instance.generation },
        'instance launched',
      );
    } catch (error) {
      if (!(error instanceof LaunchRefusedError)) throw error;
      await this.ending.finish(instance, { reason: 'start_failed', detail: error.message, final: true });
    }
  }
}

function retryWhenUnavailable(error: unknown): never {
  if (error instanceof LauncherUnavailableError) throw error;
  throw error instanceof Error ? new AbortError(error) : new AbortError(String(error));
}
