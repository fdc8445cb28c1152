import { Inject, Injectable } from '@nestjs/common';
import {
  type AgentRuntimeConfiguration,
  type ExchangeRequest,
  type ExchangeResponse,
  type ReadyRequest,
  type ReadyResponse,
  ServiceError,
} from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import type { Principal } from '../access/principal';
import { AgentsRepository } from '../agents/agents.repository';
import { CONFIG, type ManagerConfig } from '../config';
import { hashSecret, newSecret } from '../secrets/token.hash';
import { AgentStatusPublisher } from './agent-status.publisher';
import { InstanceCredentialsRepository } from './instance-credentials.repository';
import type { InstanceEntity } from './instance.entity';
import { InstancesRepository } from './instances.repository';
import { langSmithOf } from './langsmith.variables';
import { LostRuns } from './lost-runs.service';
import { RuntimeConfiguration } from './runtime-configuration.service';
import { StartQueue } from './start-queue/start-queue.service';

type InstancePrincipal = Extract<Principal, { kind: 'instance' }>;

/** Gives a runner instance what it may have: once its identity, then its agent's configuration. */
@Injectable()
export class ExchangeService {
  constructor(
    private readonly instances: InstancesRepository,
    private readonly credentials: InstanceCredentialsRepository,
    private readonly agents: AgentsRepository,
    private readonly messaging: Messaging,
    private readonly runtime: RuntimeConfiguration,
    private readonly statuses: AgentStatusPublisher,
    private readonly lostRuns: LostRuns,
    private readonly starts: StartQueue,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /**
   * The code is used up last: Redis or the database being away does not spend it.
   * @throws {ServiceError} `unauthorized` when the code was used, has expired or belongs to another instance.
   */
  async exchange({ instance_id, agent_id, code }: ExchangeRequest): Promise<ExchangeResponse> {
    const code_hash = hashSecret(code);
    if (!(await this.credentials.mayExchange(instance_id, agent_id, code_hash))) throw codeRefused();
    const configuration = await this.configuration(agent_id, null);
    const redis = await this.messaging.instanceAccess.grant(agent_id, instance_id);
    const token = newSecret('inst');
    const instance = await this.credentials.exchange(
      instance_id,
      agent_id,
      code_hash,
      hashSecret(token),
      this.config.START_DEADLINE_SECONDS,
    );
    const exchanged = performance.now();
    if (!instance) {
      // It was ended meanwhile, perhaps before its access was granted.
      if ((await this.instances.findLive(agent_id))?.id !== instance_id)
        await this.messaging.instanceAccess.revoke(instance_id);
      throw codeRefused();
    }
    await this.instances.setRunningVersion(instance_id, configuration.version);
    await this.statuses.announce(agent_id);
    const { generation } = instance;
    const suspects = await this.lostRuns.suspects(agent_id);
    return {
      ...{ instance_id, generation, token, redis, configuration, suspects },
      ...wakeOf(instance, performance.now() - exchanged),
      ...langSmithOf(this.config),
    };
  }

  /** Telling twice is harmless. @throws {ServiceError} `unauthorized` when the instance has ended meanwhile. */
  async ready(
    { instance_id, agent_id }: InstancePrincipal,
    { uptime_ms = 0 }: ReadyRequest,
  ): Promise<ReadyResponse> {
    // What it waited with, had it been in the warm pool.
    await this.messaging.instanceAccess.revokePool(instance_id);
    if (await this.instances.markRunning(instance_id, uptime_ms)) {
      this.starts.admitInBackground();
      await this.statuses.announce(agent_id);
    }
    const readiness = await this.instances.readiness(instance_id);
    if (!readiness) throw new ServiceError('unauthorized', 'The instance is not to run any more.');
    return readiness;
  }

  async configurationFor(
    instance: InstancePrincipal,
    agent_id: string,
    version: number | null,
  ): Promise<AgentRuntimeConfiguration> {
    if (instance.agent_id !== agent_id)
      throw new ServiceError('forbidden', 'An instance reads the configuration of its own agent.');
    const found = await this.configuration(agent_id, version);
    await this.instances.setRunningVersion(instance.instance_id, found.version);
    return found;
  }

  private async configuration(agent_id: string, number: number | null): Promise<AgentRuntimeConfiguration> {
    const version = await (number === null
      ? this.agents.findCurrentVersion(agent_id)
      : this.agents.findVersion(agent_id, number));
    if (!version)
      throw new ServiceError('version_not_found', 'The agent or this version of it does not exist.');
    return this.runtime.of(version);
  }
}

function wakeOf(
  { launched_at, exchanged_at, claimed }: InstanceEntity,
  since_exchange_ms: number,
): Pick<ExchangeResponse, 'wake'> {
  if (!launched_at || !exchanged_at) return {};
  const exchanged = exchanged_at.getTime();
  return {
    wake: {
      launched_at: launched_at.getTime(),
      exchanged_at: exchanged,
      pooled: claimed,
      clock: exchanged + since_exchange_ms,
    },
  };
}

const codeRefused = (): ServiceError =>
  new ServiceError(
    'unauthorized',
    'The code was used already, has expired, or is not for this instance. Start the agent anew.',
  );
