import { BoundedList } from './bounded.list';
import { TelegramChat } from './chats/telegram.chat';
import { FloodControl, type FloodOptions } from './flood/flood.control';
import type { Json } from './json';
import { LongPoll } from './delivery/long.poll';
import type { TelegramGroup } from './people/telegram.group';
import type { TelegramUser } from './people/telegram.user';
import { type BotOptions, TelegramBot } from './telegram.bot';
import type { TelegramDescription } from './http/telegram.description';
import { UpdateQueue } from './delivery/update.queue';
import {
  usualWebhook,
  type WebhookAttempt,
  WebhookDelivery,
  type WebhookOptions,
} from './delivery/webhook.delivery';

export interface WorldOptions {
  /** Milliseconds since 1970; the machine's clock when absent. */
  clock?: () => number;
  /** Changes to the usual limits, or none at all. */
  flood?: Partial<FloodOptions> | 'off';
  webhook?: Partial<WebhookOptions>;
  /** Updates that may wait for one bot; 10,000 when absent. */
  queue_limit?: number;
  /** Messages that one chat keeps; 2,000 when absent. */
  messages_limit?: number;
}

export interface CallbackQuery {
  bot_id: number;
  asked_at: number;
  answers: Json[];
}

const KEPT_VIOLATIONS = 1_000;
const KEPT_CALLBACKS = 10_000;
const KEPT_ATTEMPTS = 20_000;

/** Everything Telegram knows: bots, people, chats. */
export class TelegramWorld {
  readonly clock: () => number;
  readonly bots = new Map<number, TelegramBot>();
  readonly users = new Map<number, TelegramUser>();
  readonly groups = new Map<number, TelegramGroup>();
  readonly callbacks = new Map<string, CallbackQuery>();
  readonly violations = new BoundedList<string>(KEPT_VIOLATIONS);
  readonly attempts = new BoundedList<WebhookAttempt>(KEPT_ATTEMPTS);
  readonly flood: FloodControl | null;
  private readonly chats = new Map<string, TelegramChat>();
  private ids = 0;

  constructor(
    private readonly options: WorldOptions,
    readonly description: TelegramDescription | null,
  ) {
    this.clock = options.clock ?? Date.now;
    this.flood = options.flood === 'off' ? null : new FloodControl(options.flood ?? {}, this.clock);
  }

  addBot(options: BotOptions): TelegramBot {
    const id = 7_000_000_001 + this.bots.size;
    const queue = new UpdateQueue(this.clock, this.options.queue_limit ?? 10_000);
    const poll = new LongPoll(queue);
    const settings = { ...usualWebhook, ...this.options.webhook };
    const webhook = new WebhookDelivery(id, queue, settings, this.clock, this.attempts);
    queue.onPush = () => {
      poll.look();
      webhook.look();
    };
    const bot = new TelegramBot(id, options, { queue, poll, webhook });
    this.bots.set(id, bot);
    return bot;
  }

  botOf(token: string): TelegramBot | undefined {
    const bot = this.bots.get(Number(token.split(':')[0]));
    return bot?.token === token ? bot : undefined;
  }

  /** A number that no other thing has. */
  nextId(): number {
    return ++this.ids;
  }

  /** The chat with this id as the bot sees it; undefined when it does not exist. */
  openChat(bot: TelegramBot, id: number): TelegramChat | undefined {
    return this.chats.get(id > 0 ? `${bot.id} ${id}` : `${id}`);
  }

  /** Remembers that somebody waits for the bot's answer to a pressed button; returns the query's id. */
  askCallback(bot: TelegramBot): string {
    const id = `${bot.id}${String(this.nextId()).padStart(9, '0')}`;
    this.callbacks.set(id, { bot_id: bot.id, asked_at: this.clock(), answers: [] });
    const [oldest] = this.callbacks.keys();
    if (this.callbacks.size > KEPT_CALLBACKS && oldest !== undefined) this.callbacks.delete(oldest);
    return id;
  }

  /** Finds the chat of a user and a bot, or begins it. */
  privateChat(bot: TelegramBot, user: TelegramUser): TelegramChat {
    const key = `${bot.id} ${user.id}`;
    const chat =
      this.chats.get(key) ??
      this.newChat({ ...user.names, id: user.id, type: 'private' }, () => bot.nextMessageId());
    this.chats.set(key, chat);
    return chat;
  }

  /** Begins a group's chat; it counts its own messages. */
  groupChat(info: Json): TelegramChat {
    let lastMessageId = 0;
    const chat = this.newChat(info, () => ++lastMessageId);
    this.chats.set(`${chat.id}`, chat);
    return chat;
  }

  /** Sends the bot an update of this type, unless it does not want such. Returns the id, or null. */
  tell(bot: TelegramBot, type: string, content: Json): number | null {
    if (!bot.wants(type)) return null;
    const update = { update_id: bot.nextUpdateId(), [type]: content };
    for (const fault of this.description?.typeFaults('Update', update) ?? []) this.violations.add(fault);
    return bot.deliver(update);
  }

  stop(): void {
    for (const { webhook } of this.bots.values()) webhook.stop();
  }

  private newChat(info: Json, nextId: () => number): TelegramChat {
    return new TelegramChat(info, nextId, this.clock, this.options.messages_limit ?? 2_000);
  }
}
