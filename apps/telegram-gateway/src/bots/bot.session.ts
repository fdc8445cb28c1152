import type { IntegrationRuntime } from '@roost/contracts';
import { setMaxListeners } from 'node:events';
import { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal } from '../bot-api/bot-api.error';
import { Conversations } from '../conversations/conversations';
import type { SessionContext } from '../conversations/session.context';
import { receiveByPolling, type ReceiverEvents } from '../ingest/polling.receiver';
import { newSecret, receiveByWebhook } from '../ingest/webhook.receiver';
import { Sender } from '../outbox/sender';
import { SendingBudget, type Rates } from '../outbox/sending.budget';
import { untilDone } from '../conversations/until.done';
import { BotCommands } from './bot.commands';
import type { BotEntity, BotState } from './bot.entity';
import { problemOf } from './bot.problem';
import type { SessionServices } from './session.services';
import { StateNotes } from './state.notes';

/** Milliseconds a session has to end what is under way. */
const ENDING_MS = 5_000;

/** Conflicts in a row that are nothing to tell an operator of. */
const CONFLICTS_BORNE = 4;

export interface SessionOptions {
  bot: BotEntity;
  runtime: IntegrationRuntime;
  token: string;
  rates: Rates;
}

/** Serves one bot: receives, takes to the agent, sends. It lives while its gateway has the bot. */
export class BotSession {
  private readonly receiving = new AbortController();
  private readonly working = new AbortController();
  private readonly context: SessionContext;
  private readonly conversations: Conversations;
  private readonly sender: Sender;
  private readonly commands: BotCommands;
  private readonly notes: StateNotes;
  private readonly tasks = new Set<Promise<void>>();
  private isWorking = false;
  private conflicts = 0;
  private readonly secret_token = newSecret();
  private reception: Promise<void> = Promise.resolve();
  private isRemovingWebhook = false;
  /** Of the bot, as far as this session heeds it. */
  revision: number;

  constructor(
    private readonly options: SessionOptions,
    private readonly services: SessionServices,
  ) {
    const { bot, runtime, token, rates } = options;
    const { config, holder, logger } = services;
    this.revision = bot.revision;
    this.context = {
      ...services,
      bot_id: bot.bot_id,
      username: bot.username,
      agent_id: bot.agent_id,
      integration: runtime.integration,
      signal: this.working.signal,
      api: new BotApi(token, config.TELEGRAM_API_URL, (method, outcome) =>
        services.metrics.apiCalled(method, outcome),
      ),
      budget: new SendingBudget(rates),
      refused: (chat_id, wait_ms) => this.refused(chat_id, wait_ms),
      look: () => this.sender.look(),
    };
    for (const { signal } of [this.receiving, this.working]) setMaxListeners(0, signal);
    const { api, budget } = this.context;
    this.sender = new Sender(
      api,
      services.outgoing,
      budget,
      {
        bot_id: bot.bot_id,
        holder,
        signal: this.working.signal,
        onRefused: (chat_id, wait_ms) => this.refused(chat_id, wait_ms),
      },
      logger,
    );
    this.conversations = new Conversations(this.context);
    const log = logger.child({ bot_id: bot.bot_id });
    this.commands = new BotCommands(api, log);
    this.notes = new StateNotes((state, error) => services.bots.note(bot.bot_id, holder, state, error), log);
  }

  get agent_id(): string {
    return this.context.agent_id;
  }

  get token(): string {
    return this.options.token;
  }

  get mode(): 'polling' | 'webhook' {
    return this.context.integration.mode;
  }

  get receives(): boolean {
    return !this.receiving.signal.aborted;
  }

  /** Answers what is there already and, where the bot is to run, receives more. */
  begin(receives: boolean): void {
    void this.track(this.conversations.run());
    void this.track(this.sender.run());
    if (!receives) return this.receiving.abort();
    this.reception = this.track(this.receive());
    void this.track(this.commands.tell());
  }

  /** What Telegram asked of the gateway that had the bot before. */
  async heedPauses(): Promise<void> {
    const { bots, outgoing } = this.services;
    const { bot_id, budget } = this.context;
    budget.pauseBot(await bots.silence(bot_id));
    for (const { chat_id, wait_ms } of await outgoing.pauses(bot_id)) budget.pauseChat(chat_id, wait_ms);
  }

  /** What the operator changed, but for the mode. */
  update({ integration }: IntegrationRuntime, revision: number): void {
    this.context.integration = { ...integration, mode: this.mode };
    this.revision = revision;
  }

  /** What operators see is another: a start found it at work already, or a note was lost. */
  healState(seen: BotState): void {
    this.notes.heal(seen);
  }

  /** Updates were committed elsewhere. */
  look(): void {
    this.conversations.look();
    this.sender.look();
  }

  /** Receives no more; what is there is still answered. */
  stopReceiving(hasWebhook: boolean): void {
    this.receiving.abort();
    if (!hasWebhook || this.isRemovingWebhook) return;
    this.isRemovingWebhook = true;
    void this.track(this.removeWebhook().finally(() => (this.isRemovingWebhook = false)));
  }

  /** Says again what Telegram has to know: whatever another gateway, or a person, has told it meanwhile. */
  repeat(): void {
    void this.track(this.commands.tell());
    if (this.mode !== 'webhook' || !this.receives || !this.isWorking) return;
    this.reception = this.track(this.reception.then(() => this.receive()));
  }

  /** Before nobody has the token any more: what Telegram was told of it is taken back, if it answers now. */
  async leave(): Promise<void> {
    this.receiving.abort();
    if (this.mode !== 'webhook') return;
    await this.context.api.call('deleteWebhook', { drop_pending_updates: false }).catch((error: unknown) => {
      const { bot_id } = this.context;
      this.services.logger.info(
        { err: error, bot_id },
        'the webhook of a bot that is no more was not removed',
      );
    });
  }

  /** Ends everything; what was under way goes on where it was with whoever serves the bot next. */
  async end(): Promise<void> {
    this.receiving.abort();
    this.working.abort();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ENDING_MS)));
    await Promise.race([Promise.allSettled(this.tasks), late]);
    clearTimeout(timer);
  }

  private track(task: Promise<void>): Promise<void> {
    this.tasks.add(task);
    const settled = (): void => void this.tasks.delete(task);
    task.then(settled, settled);
    return task;
  }

  private async receive(): Promise<void> {
    const { updates, bots, holder, config } = this.services;
    const { api, bot_id } = this.context;
    const { signal } = this.receiving;
    if (this.mode === 'polling')
      return receiveByPolling(
        api,
        updates,
        { bot_id, holder, poll_seconds: config.TELEGRAM_POLL_SECONDS, signal },
        this.events,
      );
    const origin = config.TELEGRAM_WEBHOOK_URL;
    if (origin === undefined) {
      const detail =
        'The mode webhook needs TELEGRAM_WEBHOOK_URL, the address Telegram reaches the gateway at.';
      return this.notes.tell('failed', { code: 'webhook_url_missing', detail });
    }
    const { secret_token } = this;
    return receiveByWebhook(api, bots, { bot_id, holder, origin, secret_token, signal }, this.events);
  }

  /** Telegram keeps for a day what comes from here on. A setting that is under way must not come after it. */
  private async removeWebhook(): Promise<void> {
    await this.reception;
    const { bots, holder } = this.services;
    const { api, bot_id } = this.context;
    await untilDone(this.context, 'the webhook of a bot that stops cannot be removed', async () => {
      await api.call('deleteWebhook', { drop_pending_updates: false }).catch((error: unknown) => {
        // A token that counts no more has no webhook.
        if (error instanceof BotApiRefusal && error.isTokenRefused) return;
        this.notes.tell('stopping', problemOf(error as Error));
        throw error;
      });
      await bots.setWebhookSecret(bot_id, holder, null);
    });
  }

  private readonly events: ReceiverEvents = {
    received: () => this.conversations.look(),
    lost: () => this.receiving.abort(),
    working: () => {
      this.conflicts = 0;
      if (this.isWorking) return;
      this.isWorking = true;
      this.notes.tell('running', null);
    },
    failing: (error) => {
      // The connection of a gateway that had the bot before may outlive it for a moment.
      const isConflict = error instanceof BotApiRefusal && error.isConflict;
      this.conflicts = isConflict ? this.conflicts + 1 : 0;
      if (isConflict && this.conflicts < CONFLICTS_BORNE) return;
      this.isWorking = false;
      this.services.logger.warn({ err: error, bot_id: this.context.bot_id }, 'no updates');
      this.notes.tell('failed', problemOf(error));
    },
  };

  /** Whoever serves the bot next heeds it, too. */
  private async refused(chat_id: number, wait_ms: number): Promise<void> {
    const { bots, logger } = this.services;
    const { bot_id, budget } = this.context;
    const silence_ms = budget.refused(chat_id, wait_ms);
    logger.info({ bot_id, wait_ms, silence_ms }, 'Telegram asks for a pause');
    await bots.keepSilent(bot_id, silence_ms).catch((err: unknown) => {
      logger.warn({ err, bot_id }, 'the silence of a bot was not noted');
    });
  }
}
