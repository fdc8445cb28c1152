import { Injectable } from '@nestjs/common';
import { newAgentId, ServiceError } from '@roost/contracts';
import type {
  AgentDto,
  AgentPageDto,
  AgentStatusDto,
  AgentVersionPageDto,
  PageQueryDto,
} from '@roost/contracts/rest';
import type { Principal } from '../access/principal';
import { byCreation, pageRequest, toPage } from '../database/page';
import { LifecycleService } from '../lifecycle/lifecycle.service';
import { SecretBox } from '../secrets/secret-box';
import { AgentChanges } from './agent.changes';
import {
  type AgentInput,
  checkCredentials,
  type ModelKeyChange,
  patchConfiguration,
  readConfiguration,
} from './agent-input';
import { changedSecrets, secretPlace } from './agent-secrets';
import { agentSlug } from './agent-slug';
import type { AgentVersionEntity } from './agent-version.entity';
import { changedTokens, tokenPlace } from './integration-tokens';
import { agentNotFound, toAgentDto, toStatusDto, toVersionDto } from './agent.views';
import { AgentsRepository, type AgentView } from './agents.repository';

type Credentials = Pick<AgentVersionEntity, 'model_api_key' | 'secrets' | 'integration_tokens'>;

const NONE: Credentials = { model_api_key: null, secrets: {}, integration_tokens: {} };

@Injectable()
export class AgentsService {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly lifecycle: LifecycleService,
    private readonly secrets: SecretBox,
    private readonly changes: AgentChanges,
  ) {}

  async create(principal: Principal, body: unknown): Promise<AgentDto> {
    const input = await readConfiguration(body);
    checkCredentials(input, null);
    const id = newAgentId(agentSlug(input.configuration.name));
    const version = {
      configuration: input.configuration,
      ...this.credentials(id, input, NONE),
      restored_from: null,
    };
    await this.agents.create(id, version, principal.kind === 'api_key' ? principal.id : null);
    return this.get(id);
  }

  async get(id: string): Promise<AgentDto> {
    return toAgentDto(await this.findOrFail(id));
  }

  async list(query: PageQueryDto): Promise<AgentPageDto> {
    const request = pageRequest(query);
    return toPage(await this.agents.page(request), request, ({ agent }) => byCreation(agent), toAgentDto);
  }

  /** `if_match` is the ETag of the version the caller saw. */
  async patch(id: string, patch: unknown, if_match: string | undefined): Promise<AgentDto> {
    const version = await this.agents.addVersion(id, async (current) => {
      checkIfMatch(if_match, current.version);
      const input = await patchConfiguration(current.configuration, patch);
      checkCredentials(input, current);
      return {
        configuration: input.configuration,
        ...this.credentials(id, input, current),
        restored_from: null,
      };
    });
    return this.afterChange(id, version);
  }

  async restore(id: string, number: number): Promise<AgentDto> {
    const version = await this.agents.addVersion(id, async (_current, tx) => {
      const former = await this.agents.findVersion(id, number, tx);
      if (!former)
        throw new ServiceError(
          'version_not_found',
          'Look the versions up with GET /agents/{agent_id}/versions.',
        );
      return {
        configuration: former.configuration,
        model_api_key: former.model_api_key,
        secrets: former.secrets,
        integration_tokens: former.integration_tokens,
        restored_from: number,
      };
    });
    return this.afterChange(id, version);
  }

  async versions(id: string, query: PageQueryDto): Promise<AgentVersionPageDto> {
    await this.findOrFail(id);
    const before = query.cursor === undefined ? null : versionCursor(pageRequest(query).after?.[1]);
    const rows = await this.agents.versions(id, query.limit, before);
    return toPage(
      rows,
      { limit: query.limit, after: null },
      (row) => ['', String(row.version)],
      toVersionDto,
    );
  }

  async delete(id: string): Promise<void> {
    await this.lifecycle.remove(id);
    this.changes.tell(id);
  }

  async status(id: string): Promise<AgentStatusDto> {
    const status = await this.agents.status(id);
    if (!status) throw agentNotFound();
    return toStatusDto(status);
  }

  private async afterChange(id: string, version: AgentVersionEntity | null): Promise<AgentDto> {
    if (!version) throw agentNotFound();
    if (!version.configuration.enabled) await this.lifecycle.stop(id, false);
    this.changes.tell(id);
    return this.get(id);
  }

  private async findOrFail(id: string): Promise<AgentView> {
    const view = await this.agents.find(id);
    if (!view) throw agentNotFound();
    return view;
  }

  private credentials(
    agent_id: string,
    { configuration, model_key, secrets, integration_tokens }: AgentInput,
    current: Credentials,
  ): Credentials {
    return {
      model_api_key: this.sealed(agent_id, model_key, current.model_api_key),
      secrets: changedSecrets(current.secrets, secrets, (name, value) =>
        this.secrets.seal(value, secretPlace(agent_id, name)),
      ),
      integration_tokens: changedTokens(
        current.integration_tokens,
        integration_tokens,
        configuration.integrations,
        (type, token) => this.secrets.seal(token, tokenPlace(agent_id, type)),
      ),
    };
  }

  private sealed(agent_id: string, change: ModelKeyChange, current: string | null): string | null {
    switch (change.kind) {
      case 'keep':
        return current;
      case 'set':
        return this.secrets.seal(change.api_key, agent_id);
      case 'remove':
        return null;
    }
  }
}

function checkIfMatch(if_match: string | undefined, version: number): void {
  if (if_match === undefined || if_match.trim() === '*') return;
  const tags = if_match.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (!tags.includes(`"${version}"`)) {
    throw new ServiceError(
      'version_conflict',
      `The agent is at version ${version}; read it again and repeat the change on that.`,
    );
  }
}

function versionCursor(text: string | undefined): number {
  if (!text || !/^\d{1,9}$/.test(text))
    throw new ServiceError('invalid_cursor', 'Use next_cursor of the page before, unchanged.');
  return Number(text);
}
