/** At most `count` in any `per_ms` milliseconds. */
export interface Rate {
  count: number;
  per_ms: number;
}

export interface Rates {
  private: Rate;
  group: Rate;
  bot: Rate;
}

/**
 * About one message a second in a chat, 20 a minute in a group and 30 a second a bot
 * (https://core.telegram.org/bots/faq), with a margin for what the network does to the pauses between them. The bot's are
 * spread out: what was held up on its way arrives together, and must not be a burst beside what comes next.
 */
export const telegramRates: Rates = {
  private: { count: 3, per_ms: 3_500 },
  group: { count: 18, per_ms: 62_000 },
  bot: { count: 2, per_ms: 110 },
};

/** Share that is kept for what must not be dropped. */
const RESERVE = 2 / 3;

/** Milliseconds that the whole bot waits after a first refusal: it may have been the bot's, not the chat's. */
const DOUBT_MS = 1_500;
/** Milliseconds within which refusals in two chats mean that the bot is meant. */
const TOGETHER_MS = 10_000;

/** Chats whose rates are kept at most; the one longest silent is forgotten, which may send as much as it likes anyway. */
const CHATS_MAX = 10_000;

/**
 * One budget a chat and a bot over everything outgoing. Messages wait for their turn; what shows that one is being
 * written is dropped where it would keep a message waiting.
 */
export class SendingBudget {
  private readonly chats = new Map<number, Window>();
  private readonly bot: Window;
  private lastRefusal: { chat_id: number; at: number } | null = null;

  /** `now` in milliseconds of a clock that is never set back. */
  constructor(
    private readonly rates: Rates = telegramRates,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.bot = new Window(rates.bot);
  }

  /** Milliseconds until a message may be sent to the chat; 0 takes its turn. */
  take(chat_id: number): number {
    return this.spend(chat_id, 0);
  }

  /** Whether something that may be dropped can go out now; it then takes its turn. */
  takeSpare(chat_id: number): boolean {
    return this.spend(chat_id, RESERVE) === 0;
  }

  /**
   * Telegram asked for a pause, and does not say whether the chat or the bot is meant: nothing goes to the chat for so
   * long, nor to any other where the same was just said of another chat.
   * @returns milliseconds for which the whole bot is silent.
   */
  refused(chat_id: number, milliseconds: number): number {
    const now = this.now();
    const isOfBot =
      this.lastRefusal !== null &&
      this.lastRefusal.chat_id !== chat_id &&
      now - this.lastRefusal.at < TOGETHER_MS;
    this.lastRefusal = { chat_id, at: now };
    this.pauseChat(chat_id, milliseconds);
    const silence = isOfBot ? milliseconds : Math.min(milliseconds, DOUBT_MS);
    this.pauseBot(silence);
    return silence;
  }

  pauseChat(chat_id: number, milliseconds: number): void {
    this.chat(chat_id).pause(this.now() + milliseconds);
  }

  pauseBot(milliseconds: number): void {
    this.bot.pause(this.now() + milliseconds);
  }

  private spend(chat_id: number, reserve: number): number {
    const now = this.now();
    const chat = this.chat(chat_id);
    const wait = Math.max(chat.wait(now, reserve), this.bot.wait(now, reserve));
    if (wait === 0) {
      chat.spend(now);
      this.bot.spend(now);
    }
    return wait;
  }

  private chat(chat_id: number): Window {
    const known = this.chats.get(chat_id);
    this.chats.delete(chat_id);
    const window = known ?? new Window(chat_id < 0 ? this.rates.group : this.rates.private);
    this.chats.set(chat_id, window);
    if (this.chats.size > CHATS_MAX) this.chats.delete(this.chats.keys().next().value ?? chat_id);
    return window;
  }
}

class Window {
  /** When each of the last `count` was spent, oldest first. */
  private readonly spent: number[] = [];
  private pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly rate: Rate) {}

  wait(now: number, reserve: number): number {
    const { count, per_ms } = this.rate;
    const usable = Math.max(1, Math.floor(count * (1 - reserve)));
    const blocking = this.spent.at(-usable);
    const free = blocking === undefined ? now : blocking + per_ms;
    return Math.max(0, Math.ceil(Math.max(free, this.pausedUntil) - now));
  }

  spend(now: number): void {
    this.spent.push(now);
    if (this.spent.length > this.rate.count) this.spent.shift();
  }

  pause(until: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, until);
  }
}
