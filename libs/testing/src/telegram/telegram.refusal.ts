import type { Json } from './json';

/** An answer with `ok: false`, worded as Telegram words it. */
export class TelegramRefusal extends Error {
  override readonly name = 'TelegramRefusal';

  constructor(
    readonly code: number,
    readonly description: string,
    /** As in ResponseParameters: `retry_after` in seconds, `migrate_to_chat_id`. */
    readonly parameters?: Json,
  ) {
    super(`${code} ${description}`);
  }
}

export const badRequest = (what: string): TelegramRefusal => new TelegramRefusal(400, `Bad Request: ${what}`);

export const forbidden = (what: string): TelegramRefusal => new TelegramRefusal(403, `Forbidden: ${what}`);

export const conflict = (what: string): TelegramRefusal => new TelegramRefusal(409, `Conflict: ${what}`);
