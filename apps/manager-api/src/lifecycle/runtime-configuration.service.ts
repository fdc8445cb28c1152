import { Inject, Injectable } from '@nestjs/common';
import { type AgentRuntimeConfiguration, knownBaseUrls } from '@roost/contracts';
import type { AgentVersionEntity } from '../agents/agent-version.entity';
import { CONFIG, type ManagerConfig } from '../config';
import { secretPlace } from '../agents/agent-secrets';
import { SecretBox } from '../secrets/secret-box';

/** A version as its runner needs it, secrets opened. */
@Injectable()
export class RuntimeConfiguration {
  constructor(
    private readonly secrets: SecretBox,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /** @throws {Error} when the version cannot be run as it is stored; the message names the remedy. */
  of(version: AgentVersionEntity): AgentRuntimeConfiguration {
    const { agent_id, configuration } = version;
    return {
      agent_id,
      version: version.version,
      configuration,
      model: this.modelAccess(version),
      secrets: this.opened(version),
      outbound: { allowed_hosts: this.config.TOOL_ALLOWED_HOSTS },
      web_search: this.webSearch(version),
    };
  }

  private opened({ agent_id, secrets }: AgentVersionEntity): Record<string, string> {
    return Object.fromEntries(
      Object.entries(secrets).map(([name, sealed]) => [
        name,
        this.secrets.open(sealed, secretPlace(agent_id, name)),
      ]),
    );
  }

  /** Given to those that search alone. */
  private webSearch({
    configuration,
  }: AgentVersionEntity): NonNullable<AgentRuntimeConfiguration['web_search']> | null {
    const { TAVILY_API_KEY: api_key, TAVILY_BASE_URL: base_url } = this.config;
    const searches = configuration.tools.some(({ type }) => type === 'web_search');
    return searches && api_key !== undefined ? { base_url, api_key } : null;
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
    if (url === undefined) throw new Error(`model.base_url must be given for the provider ${provider}`);
    const operators = provider === 'openai' && base_url === null ? this.config.OPENAI_API_KEY : undefined;
    return { base_url: url, api_key: own ?? operators ?? null };
  }
}
