import type { Logger } from 'pino';
import type { BotApi } from '../bot-api/bot-api.client';
import { waitAfter } from '../ingest/pause';
import { botCommands } from '../texts/texts';

/** The commands that Telegram shows to users of a bot; that they could not be set is no reason to be silent. */
export class BotCommands {
  private readonly left = [...botCommands];
  private failures = 0;
  private notBefore = Number.NEGATIVE_INFINITY;
  private isTelling = false;

  constructor(
    private readonly api: BotApi,
    private readonly logger: Logger,
  ) {}

  /** Tells Telegram what it has not taken yet, unless it is too soon for that. */
  async tell(): Promise<void> {
    if (this.isTelling || performance.now() < this.notBefore) return;
    this.isTelling = true;
    try {
      for (let next = this.left[0]; next; next = this.left[0]) {
        const { language_code, commands } = next;
        await this.api.call('setMyCommands', {
          commands,
          ...(language_code === null ? {} : { language_code }),
        });
        this.left.shift();
      }
    } catch (error) {
      this.failures += 1;
      this.notBefore = performance.now() + waitAfter(error, this.failures);
      this.logger.info({ reason: (error as Error).message }, 'the commands of the bot were not set');
    } finally {
      this.isTelling = false;
    }
  }
}
