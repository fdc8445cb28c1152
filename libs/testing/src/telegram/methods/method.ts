import type { RequestParams } from '../http/request.params';
import type { TelegramBot } from '../telegram.bot';
import type { TelegramWorld } from '../telegram.world';

export interface MethodCall {
  world: TelegramWorld;
  bot: TelegramBot;
  params: RequestParams;
  /** Fires when the caller has gone. */
  gone: AbortSignal;
  /** Told what Telegram would do without a word, and a bot should not rely on. */
  note: (what: string) => void;
}

/** Does what a method of the Bot API does and returns its `result`. @throws {TelegramRefusal} */
export type Method = (call: MethodCall) => unknown;
