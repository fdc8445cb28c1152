import { Inject, Injectable } from '@nestjs/common';
import {
  type InstanceSpec,
  type Launcher,
  LaunchRefusedError,
  LauncherUnavailableError,
} from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import { once } from 'node:events';
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
import { PoolKeeper } from './pool/pool.keeper';
import { PoolService } from './pool/pool.service';
import { RuntimeConfiguration } from './runtime-configuration.service';

/** Brings a new instance to life, or says why that failed. */
@Injectable()
export class InstanceLaunching {
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly agents: AgentsRepository,
    private readonly inbox: InboxService,
    private readonly ending: InstanceEnding,
    private readonly runtime: RuntimeConfiguration,
    private readonly messaging: Messaging,
    private readonly pool: PoolService,
    private readonly keeper: PoolKeeper,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returns at once: the outcome shows in the agent's status, at the latest with the start deadline. */
  launchInBackground(instance: InstanceEntity, code: string): void {
    const done = this.launch(instance, code)
      .catch((error: unknown) => {
        this.logger.error(
          { err: error, agent_id: instance.agent_id, instance_id: instance.id },
          'launch failed; the reconciler goes on',
        );
      })
      .finally(() => this.underWay.delete(done));
    this.underWay.add(done);
  }

  /** Resolves when no launch is under way, at the latest after `ms`. Their codes are known here alone. */
  async whenIdle(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([Promise.all(this.underWay), late]).finally(() => clearTimeout(timer));
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
    if (instance.claimed) return this.handOver(instance, code);
    const spec = instanceSpec(instance, version.configuration.limits, code, this.config);
    try {
      await this.launchInTime(spec);
      this.logger.info(
        { agent_id: instance.agent_id, instance_id: instance.id, generation: instance.generation },
        'instance launched',
      );
    } catch (error) {
      const refused = error instanceof LaunchRefusedError;
      if (!refused && !(error instanceof LauncherUnavailableError)) throw error;
      await this.ending.finish(instance, {
        reason: 'start_failed',
        detail: error.message,
        final: refused,
      });
    }
  }

  /** Again and again while the platform is away, until just before the start deadline: here it is known why. */
  private async launchInTime(spec: InstanceSpec): Promise<void> {
    const late = new AbortController();
    let trouble: Error = new LauncherUnavailableError(
      'What runs the agents did not answer; check that it does.',
    );
    const attempts = pRetry(() => this.launcher.launch(spec).catch(retryWhenUnavailable), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 200,
      maxTimeout: 2_000,
      randomize: true,
      signal: late.signal,
      onFailedAttempt: ({ error }) => {
        trouble = error;
      },
    }).catch((error: unknown) => {
      throw late.signal.aborted ? trouble : error;
    });
    const timer = setTimeout(() => late.abort(), this.config.START_DEADLINE_SECONDS * 950);
    const tooLate = once(late.signal, 'abort').then(() => Promise.reject(trouble));
    await Promise.race([attempts, tooLate]).finally(() => clearTimeout(timer));
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
