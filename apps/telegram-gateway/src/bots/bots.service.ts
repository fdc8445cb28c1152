import { Inject, Injectable } from '@nestjs/common';
import { type IntegrationStatus, ServiceError } from '@roost/contracts';
import { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal } from '../bot-api/bot-api.error';
import { CONFIG, type GatewayConfig } from '../config';
import { BotKeeper } from './bot.keeper';
import { problemOf } from './bot.session';
import { BotTokens } from './bot.tokens';
import { BotsRepository, type BotView } from './bots.repository';

/** Starts and stops the bots of agents; whichever gateway is asked, the one that holds a bot serves it. */
@Injectable()
export class BotsService {
  constructor(
    private readonly bots: BotsRepository,
    private readonly tokens: BotTokens,
    private readonly keeper: BotKeeper,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** @throws {ServiceError} `integration_conflict` when the bot speaks for another agent. */
  async start(agent_id: string): Promise<IntegrationStatus> {
    const found = await this.tokens.of(agent_id);
    if (!found) throw notConfigured();
    const { mode } = found.runtime.integration;
    if (mode === 'webhook' && this.config.TELEGRAM_WEBHOOK_URL === undefined)
      throw new ServiceError(
        'integration_failed',
        'The mode webhook needs TELEGRAM_WEBHOOK_URL at the gateway; or choose the mode polling.',
      );
    const username = await this.usernameOf(found.token);
    const other = await this.bots.start({ bot_id: found.bot_id, agent_id, username, mode });
    if (other !== null)
      throw new ServiceError(
        'integration_conflict',
        `The bot @${username} speaks for ${other}: stop it there first, or give this agent a bot of its own.`,
      );
    this.keeper.look();
    return this.status(agent_id);
  }

  /** With `force` what was received and not answered is dropped. */
  async stop(agent_id: string, force: boolean): Promise<IntegrationStatus> {
    await this.bots.stop(agent_id);
    if (force) await this.bots.drop(agent_id);
    this.keeper.look();
    return this.status(agent_id);
  }

  async status(agent_id: string): Promise<IntegrationStatus> {
    return toStatus(agent_id, await this.bots.find(agent_id));
  }

  private async usernameOf(token: string): Promise<string> {
    try {
      return (await new BotApi(token, this.config.TELEGRAM_API_URL).call('getMe', {})).username;
    } catch (error) {
      if (error instanceof BotApiRefusal)
        throw new ServiceError('integration_failed', problemOf(error).detail);
      throw new ServiceError(
        'dependency_unavailable',
        `${(error as Error).message}. See that the gateway reaches TELEGRAM_API_URL, and start it again.`,
      );
    }
  }
}

const notConfigured = (): ServiceError =>
  new ServiceError(
    'integration_not_configured',
    'Add {"type": "telegram"} to the integrations of the agent.',
  );

const toStatus = (agent_id: string, view: BotView | null): IntegrationStatus => ({
  agent_id,
  type: 'telegram',
  desired: view?.bot.desired ?? 'stopped',
  state: view?.bot.state ?? 'stopped',
  bot_username: view?.bot.username ?? null,
  mode: view?.bot.mode ?? 'polling',
  last_update_at: view?.bot.last_update_at?.toISOString() ?? null,
  backlog: view?.backlog ?? 0,
  last_error: view?.bot.last_error ?? null,
});
