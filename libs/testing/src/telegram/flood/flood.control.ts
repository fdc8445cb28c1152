import type { TelegramChat } from '../chats/telegram.chat';
import { FloodGate, type FloodLimit } from './flood.gate';
import { TelegramRefusal } from '../telegram.refusal';

/** What is counted: a message or an edit; or what only hints at one to come, a draft or a chat action. */
export type Outgoing = 'message' | 'hint';

export interface FloodOptions {
  private_chat: FloodLimit;
  group: FloodLimit;
  /** Of one bot in all its chats. */
  bot: FloodLimit;
  /** Drafts and chat actions in one chat. */
  hints: FloodLimit;
  /** Counts drafts and chat actions as messages too, for one budget over all. */
  hints_are_messages: boolean;
  /** By how much `retry_after` grows with each request before its end, and its greatest value in seconds. */
  growth: number;
  longest_seconds: number;
}

/**
 * About one message a second in a private chat, 20 a minute in a group and 30 a second a bot, says the Bot FAQ
 * (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). That of hints is ours: Telegram
 * publishes none.
 */
export const usualLimits: FloodOptions = {
  private_chat: { count: 3, per_ms: 3_000 },
  group: { count: 20, per_ms: 60_000 },
  bot: { count: 30, per_ms: 1_000 },
  hints: { count: 10, per_ms: 5_000 },
  hints_are_messages: false,
  growth: 2,
  longest_seconds: 3_600,
};

/** Answers 429 to what comes too fast, and waits longer with whoever does not wait. */
export class FloodControl {
  private readonly gates = new Map<string, FloodGate>();
  private readonly options: FloodOptions;

  constructor(
    options: Partial<FloodOptions>,
    private readonly clock: () => number,
  ) {
    this.options = { ...usualLimits, ...options };
  }

  /** Counts one more. @throws {TelegramRefusal} 429 with `retry_after` in seconds. */
  admit(bot_id: number, chat: TelegramChat, outgoing: Outgoing): void {
    const gates = this.gatesOf(bot_id, chat, outgoing);
    const now = this.clock();
    const seconds = Math.max(...gates.map((gate) => gate.secondsToWait(now)));
    if (seconds > 0)
      throw new TelegramRefusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
    for (const gate of gates) gate.pass(now);
  }

  private gatesOf(bot_id: number, chat: TelegramChat, outgoing: Outgoing): FloodGate[] {
    const { private_chat, group, bot, hints, hints_are_messages } = this.options;
    const ofChat = `${bot_id} ${chat.id}`;
    const gates = [this.gate(`${bot_id}`, bot)];
    if (outgoing === 'message' || hints_are_messages)
      gates.push(this.gate(ofChat, chat.isPrivate ? private_chat : group));
    if (outgoing === 'hint') gates.push(this.gate(`${ofChat} hints`, hints));
    return gates;
  }

  private gate(key: string, limit: FloodLimit): FloodGate {
    const gate =
      this.gates.get(key) ?? new FloodGate(limit, this.options.growth, this.options.longest_seconds);
    this.gates.set(key, gate);
    return gate;
  }
}
