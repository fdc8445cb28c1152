import { Inject, Injectable } from '@nestjs/common';
import { type IntegrationStatus, ServiceError } from '@roost/contracts';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal } from '../bot-api/bot-api.error';
import { CONFIG, type GatewayConfig } from '../config';
import { LOGGER } from '../logging';
import { ManagerClient } from '../manager/manager.client';
import { BotKeeper } from './bot.keeper';
import { problemOf } from './bot.problem';
import { BotTokens } from './bot.tokens';
import { BotsRepository, type BotView, type FormerAgent } from './bots.repository';

/** Milliseconds in which runs are ended; the answers of others are sent to nobody all the same. */
const CANCELLING_MS = 3_000;
/** Runs that are ended side by side. */
const CANCELLED_AT_ONCE = 8;

/** Starts and stops the bots of agents; whichever gateway is asked, the one that holds a bot serves it. */
@Injectable()
export class BotsService {
  private readonly cancelling = pLimit(CANCELLED_AT_ONCE);

  constructor(
    private readonly bots: BotsRepository,
    private readonly tokens: BotTokens,
    private readonly keeper: BotKeeper,
    private readonly manager: ManagerClient,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
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
    const former = await this.bots.start({ bot_id: found.bot_id, agent_id, username, mode });
    if (former) throw conflict(username, former);
    this.keeper.look();
    return this.status(agent_id);
  }

  /** With `force` what was received and not answered is dropped, and what the agent does for it ends. */
  async stop(agent_id: string, force: boolean): Promise<IntegrationStatus> {
    const dropped = await this.bots.stop(agent_id, force);
    this.keeper.look();
    // Before the answer: a late one would end what is said after the next start. None begins after the deadline.
    const until = performance.now() + CANCELLING_MS;
    await Promise.all(
      dropped.map((thread_id) =>
        this.cancelling(() => (performance.now() < until ? this.cancel(thread_id) : Promise.resolve())),
      ),
    );
    return this.status(agent_id);
  }

  async changed(agent_id: string): Promise<void> {
    await this.bots.changed(agent_id);
    this.keeper.look();
  }

  async status(agent_id: string): Promise<IntegrationStatus> {
    return toStatus(agent_id, await this.bots.find(agent_id));
  }

  private async cancel(thread_id: string): Promise<void> {
    try {
      await this.manager.cancel(thread_id);
    } catch (error) {
      this.logger.info({ err: error, thread_id }, 'a run whose answer was dropped goes on');
    }
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

const conflict = (username: string, { agent_id, drains }: FormerAgent): ServiceError =>
  new ServiceError(
    'integration_conflict',
    drains
      ? `The bot @${username} still answers what was said to ${agent_id}: wait until it is stopped there, or drop that with POST /agents/${agent_id}/integrations/telegram/stop?force=true.`
      : `The bot @${username} speaks for ${agent_id}: stop it there first, or give this agent a bot of its own.`,
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
