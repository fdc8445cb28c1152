/** Telegram said no. Its words name no token and no text of a user. */
export class BotApiRefusal extends Error {
  override readonly name = 'BotApiRefusal';

  constructor(
    readonly code: number,
    readonly description: string,
    /** Seconds to wait, with 429. */
    readonly retry_after_s: number | null = null,
    /** The id that the chat has now, where a group became a supergroup. */
    readonly migrated_to: number | null = null,
  ) {
    super(`Telegram answered ${code}: ${description}`);
  }

  /** Another receiver has the bot's updates, or it is set to a webhook. */
  get isConflict(): boolean {
    return this.code === 409;
  }

  get isTokenRefused(): boolean {
    return this.code === 401 || this.code === 404;
  }

  /** The chat takes nothing from the bot: blocked, kicked, deactivated. */
  get isForbidden(): boolean {
    return this.code === 403;
  }
}

/** Telegram did not answer: whether it has done what it was asked is unknown. */
export class BotApiSilence extends Error {
  override readonly name = 'BotApiSilence';

  constructor(readonly reason: string) {
    super(`Telegram did not answer: ${reason}`);
  }
}
