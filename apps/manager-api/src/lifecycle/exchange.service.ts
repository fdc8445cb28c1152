import { Inject, Injectable } from '@nestjs/common';
import {
  type AgentRuntimeConfiguration,
  type ExchangeRequest,
  type ExchangeResponse,
  knownBaseUrls,
  ServiceError,
} from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import type { Principal } from '../access/principal';
import type { AgentVersionEntity } from '../agents/agent-version.entity';
import { AgentsRepository } from '../agents/agents.repository';
import { CONFIG, type ManagerConfig } from '../config';
import { SecretBox } from '../secrets/secret-box';
import { hashSecret, newSecret } from '../secrets/token.hash';
import { AgentStatusPublisher } from './agent-status.publisher';
import { InstancesRepository } from './instances.repository';

type InstancePrincipal = Extract<Principal, { kind: 'instance' }>;

/** Gives a runner instance what it may have: once its identity, then its agent's configuration. */
@Injectable()
export class ExchangeService {
  constructor(
    private readonly instances: InstancesRepository,
    private readonly agents: AgentsRepository,
    private readonly messaging: Messaging,
    private readonly secrets: SecretBox,
    private readonly statuses: AgentStatusPublisher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /** @throws {ServiceError} `unauthorized` when the code was used, has expired or belongs to another instance. */
  async exchange({ instance_id, agent_id, code }: ExchangeRequest): Promise<ExchangeResponse> {
    const token = newSecret('inst');
    const instance = await this.instances.exchange(
      instance_id,
      agent_id,
      hashSecret(code),
      hashSecret(token),
    );
    if (!instance) {
      throw new ServiceError(
        'unauthorized',
        'The code was used already, has expired, or is not for this instance. Start the agent anew.',
      );
    }
    await this.statuses.announce(agent_id);
    const redis = await this.messaging.instanceAccess.grant(agent_id, instance_id);
    const configuration = await this.configuration(agent_id, null);
    await this.instances.setRunningVersion(instance_id, configuration.version);
    return { instance_id, generation: instance.generation, token, redis, configuration };
  }

  async ready({ instance_id, agent_id }: InstancePrincipal): Promise<void> {
    if (await this.instances.markRunning(instance_id)) await this.statuses.announce(agent_id);
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
    return {
      agent_id,
      version: version.version,
      configuration: version.configuration,
      model: this.modelAccess(version),
    };
  }

  /** The operator's key goes to the operator's base URL and nowhere else. */
  private modelAccess({
    agent_id,
    configuration,
    model_api_key,
  }: AgentVersionEntity): AgentRuntimeConfiguration['model'] {
    const { provider, base_url } = configuration.model;
    const own = model_api_key === null ? null : this.secrets.open(model_api_key, agent_id);
    const known = provider === 'openai' ? this.config.OPENAI_BASE_URL : knownBaseUrls[provider];
    const url = base_url ?? known;
    if (url === undefined)
      throw new ServiceError(
        'validation_failed',
        `model.base_url: must be given for the provider ${provider}`,
      );
    const operators = provider === 'openai' && base_url === null ? this.config.OPENAI_API_KEY : undefined;
    return { base_url: url, api_key: own ?? operators ?? null };
  }
}
