import { until } from '../until';
import { ChatView } from './chats/chat.view';
import { dispatch } from './http/telegram.dispatch';
import { type GroupOptions, TelegramGroup } from './people/telegram.group';
import { TelegramUser, type UserOptions } from './people/telegram.user';
import type { BotOptions, TelegramBot } from './telegram.bot';
import { TelegramDescription } from './http/telegram.description';
import { TelegramFaults } from './telegram.faults';
import { TelegramJournal } from './telegram.journal';
import { TelegramServer } from './http/telegram.server';
import { TelegramWorld, type WorldOptions } from './telegram.world';
import type { WebhookAttempt } from './delivery/webhook.delivery';

export interface TelegramApiOptions extends WorldOptions {
  /** A free one when absent. */
  port?: number;
  /** Requests the journal keeps; 20,000 when absent. */
  journal_limit?: number;
}

/**
 * As much of the Bot API as the gateway uses, in memory, for tests: api.telegram.org for any number of bots, and the
 * people who talk to them. It refuses what Telegram's documented limits refuse. Where `SCHEMAS_DIR` holds the
 * published description, each request and answer is held against it too, so that it cannot drift into a dialect.
 */
export class TelegramApi {
  /** Every request of every bot. */
  readonly journal: TelegramJournal;
  readonly faults = new TelegramFaults();
  private readonly world: TelegramWorld;
  private readonly server: TelegramServer;

  private constructor(options: TelegramApiOptions) {
    this.journal = new TelegramJournal(options.journal_limit ?? 20_000);
    this.world = new TelegramWorld(options, TelegramDescription.read().description);
    this.server = new TelegramServer(this.world, this.faults, this.journal);
  }

  /** Listens on a port of 127.0.0.1. */
  static async start(options: TelegramApiOptions = {}): Promise<TelegramApi> {
    const api = new TelegramApi(options);
    await api.server.listen(options.port ?? 0);
    return api;
  }

  /** In place of `https://api.telegram.org`. */
  get url(): string {
    return this.server.url;
  }

  /**
   * What bots did that Telegram does not describe, or passes over in silence; a test asserts that it is empty. Its
   * unknown methods, parameters and types are seen only where `SCHEMAS_DIR` is set.
   */
  get violations(): readonly string[] {
    return this.world.violations.items;
  }

  /** Every attempt to hand an update to a webhook; the newest 20,000. */
  get webhookAttempts(): readonly WebhookAttempt[] {
    return this.world.attempts.items;
  }

  /** BotFather makes a bot. */
  bot(options: BotOptions = {}): TelegramBot {
    const bot = this.world.addBot(options);
    bot.webhook.onReply = ({ method, ...values }) => {
      const gone = new AbortController().signal;
      void dispatch(this.world, { bot, method: String(method), sent: { values, textual: false }, gone });
    };
    return bot;
  }

  user(options: UserOptions = {}): TelegramUser {
    return new TelegramUser(this.world, options);
  }

  group(options: GroupOptions): TelegramGroup {
    return new TelegramGroup(this.world, options);
  }

  /** What is to be seen in the private chat of a user and a bot, or in a group. */
  chat(bot: TelegramBot, other: TelegramUser | TelegramGroup): ChatView {
    if (other instanceof TelegramGroup) return new ChatView(() => other.chat);
    return new ChatView(() => this.world.openChat(bot, other.id));
  }

  /** The answers a bot gave to a pressed button. */
  callbackAnswers(callback_query_id: string): readonly object[] {
    return this.world.callbacks.get(callback_query_id)?.answers ?? [];
  }

  /** Resolves with what `probe` yields once it is something; says what was asked last when it is not in time. */
  async until<Found>(
    probe: () => Found | undefined | null | false,
    what = 'the chat shows what the test waits for',
    deadlineMs = 30_000,
  ): Promise<Found> {
    try {
      return await until(what, probe, deadlineMs);
    } catch (error) {
      const last = this.journal.entries
        .slice(-10)
        .map(
          ({ method, status, fault, answer }) =>
            `${method} ${status} ${fault ?? ''} ${String(answer?.['description'] ?? '')}`,
        );
      throw new Error(`${(error as Error).message}. Last requests:\n${last.join('\n')}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    this.faults.heal();
    this.world.stop();
    await this.server.stop();
  }
}
