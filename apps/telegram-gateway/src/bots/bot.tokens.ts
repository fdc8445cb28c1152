import { Inject, Injectable } from '@nestjs/common';
import { type IntegrationRuntime, ServiceError } from '@roost/contracts';
import { botIdOf } from '../bot-api/bot-api.client';
import { CONFIG, type GatewayConfig } from '../config';
import { ManagerClient } from '../manager/manager.client';

export interface FoundToken {
  runtime: IntegrationRuntime;
  token: string;
  bot_id: number;
}

/** Which bot an agent speaks through. Tokens are in memory only. */
@Injectable()
export class BotTokens {
  constructor(
    private readonly manager: ManagerClient,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /**
   * Null when the agent, or its integration, is not there.
   * @throws {ServiceError} `integration_token_required`
   */
  async of(agent_id: string): Promise<FoundToken | null> {
    const runtime = await this.manager.integration(agent_id);
    if (!runtime) return null;
    const token = runtime.bot_token ?? this.config.TELEGRAM_BOT_TOKEN;
    const bot_id = token === undefined ? null : botIdOf(token);
    if (token === undefined || bot_id === null)
      throw new ServiceError(
        'integration_token_required',
        'Give the integration a bot_token, or the gateway a TELEGRAM_BOT_TOKEN.',
      );
    return { runtime, token, bot_id };
  }
}
