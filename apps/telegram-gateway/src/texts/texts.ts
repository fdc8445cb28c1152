import type { BotCommand } from 'telegraf/types';
import { english } from './texts.en';
import { russian } from './texts.ru';

/** What the service itself says to users of Telegram. */
export interface Texts {
  start: string;
  help: string;
  newThread: string;
  stopped: string;
  nothingToStop: string;
  unsupported: string;
  /** Why a message got no answer, by the code of the error; any other is `otherFailure`. */
  failures: Readonly<Record<string, string>>;
  otherFailure: string;
  contactPrompt: string;
  contactButton: string;
  contactThanks: string;
  contactNotOwn: string;
  /** Comes before the tool and its arguments. */
  approvalPrompt: string;
  approve: string;
  reject: string;
  approved: string;
  rejected: string;
  approvalGone: string;
  approvalNotYours: string;
  /** Stands above the list of what an answer rests on. */
  sources: string;
}

export interface TextsForUser extends Texts {
  failure(code: string): string;
}

/** The service's words in the user's language: Russian where their Telegram is, else English. */
export function textsFor(language_code: string | undefined): TextsForUser {
  const texts = /^ru(?:-|$)/i.test(language_code ?? '') ? russian.texts : english.texts;
  return {
    ...texts,
    failure: (code) =>
      Object.hasOwn(texts.failures, code) ? (texts.failures[code] ?? texts.otherFailure) : texts.otherFailure,
  };
}

/** What Telegram lists as the bot's commands, for everybody and for those with another language. */
export const botCommands: readonly { language_code: string | null; commands: BotCommand[] }[] = [
  { language_code: null, commands: english.commands },
  { language_code: 'ru', commands: russian.commands },
];
