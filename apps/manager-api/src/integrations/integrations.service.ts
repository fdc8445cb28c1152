import { Injectable } from '@nestjs/common';
import {
  type Integration,
  type IntegrationRuntime,
  type IntegrationStatus,
  type IntegrationType,
  integrationTypes,
  ServiceError,
} from '@roost/contracts';
import { CommandClient } from '@roost/messaging/commands';
import type { AgentVersionEntity } from '../agents/agent-version.entity';
import { agentNotFound } from '../agents/agent.views';
import { AgentsRepository } from '../agents/agents.repository';
import { tokenPlace } from '../agents/integration-tokens';
import { SecretBox } from '../secrets/secret-box';

/** The manager keeps what integrations are configured with; gateways run them. */
@Injectable()
export class IntegrationsService {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly secrets: SecretBox,
    private readonly gateway: CommandClient,
  ) {}

  async status(agent_id: string, type: string): Promise<IntegrationStatus> {
    checkType(type);
    await this.findOrFail(agent_id);
    return this.gateway.request('telegram.status', { agent_id });
  }

  async start(agent_id: string, type: string): Promise<IntegrationStatus> {
    checkType(type);
    const version = await this.findOrFail(agent_id);
    if (!integrationOf(version, type)) throw notConfigured(type);
    if (!version.configuration.enabled)
      throw new ServiceError(
        'agent_disabled',
        'Enable it first: PATCH /agents/{agent_id} {"enabled": true}.',
      );
    return this.gateway.request('telegram.start', { agent_id });
  }

  async stop(agent_id: string, type: string, force: boolean): Promise<IntegrationStatus> {
    checkType(type);
    await this.findOrFail(agent_id);
    return this.gateway.request('telegram.stop', { agent_id, force });
  }

  /** For gateways. @throws {ServiceError} `agent_not_found`, `integration_unknown`: nothing is to be served. */
  async runtime(agent_id: string, type: string): Promise<IntegrationRuntime> {
    checkType(type);
    const version = await this.findOrFail(agent_id);
    const integration = integrationOf(version, type);
    if (!integration) throw new ServiceError('integration_unknown', 'The agent has no such integration.');
    const sealed = version.integration_tokens[type];
    const { name, enabled } = version.configuration;
    return {
      agent_id,
      agent_name: name,
      enabled,
      version: version.version,
      integration,
      bot_token: sealed === undefined ? null : this.secrets.open(sealed, tokenPlace(agent_id, type)),
    };
  }

  private async findOrFail(agent_id: string): Promise<AgentVersionEntity> {
    const version = await this.agents.findCurrentVersion(agent_id);
    if (!version) throw agentNotFound();
    return version;
  }
}

function checkType(type: string): asserts type is IntegrationType {
  if (!(integrationTypes as readonly string[]).includes(type))
    throw new ServiceError('integration_unknown', `Use one of: ${integrationTypes.join(', ')}.`);
}

const integrationOf = (version: AgentVersionEntity, type: IntegrationType): Integration | undefined =>
  version.configuration.integrations.find((integration): boolean => (integration.type as string) === type);

const notConfigured = (type: string): ServiceError =>
  new ServiceError(
    'integration_not_configured',
    `Add {"type": "${type}"} to the integrations of the agent first.`,
  );
