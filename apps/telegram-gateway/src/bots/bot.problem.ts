import { BotApiRefusal, BotApiSilence } from '../bot-api/bot-api.error';
import type { BotError } from './bot.entity';

/** What an operator is told, and what to do about it. */
export function problemOf(error: Error): Omit<BotError, 'at'> {
  if (error instanceof BotApiSilence)
    return { code: 'telegram_unavailable', detail: `${error.message}. It is asked again.` };
  // Without its words: they may hold what was to be stored.
  if (!(error instanceof BotApiRefusal))
    return {
      code: 'database_unavailable',
      detail: 'PostgreSQL does not take what Telegram said. It is tried again.',
    };
  if (error.isTokenRefused)
    return {
      code: 'token_refused',
      detail: 'Telegram does not know the token: get a new one from @BotFather.',
    };
  if (error.isConflict)
    return {
      code: 'another_receiver',
      detail: `Another program receives the updates of this bot: stop it. (${error.description})`,
    };
  if (error.code === 429)
    return { code: 'telegram_rate_limited', detail: 'Telegram asks to wait; it is asked again.' };
  return { code: 'telegram_refused', detail: error.message };
}
