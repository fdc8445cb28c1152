import type { TelegramIntegration } from '@roost/contracts';
import type { Message } from 'telegraf/types';
import type { Bot } from './incoming';

const CHARACTER = /[.*+?^${}()|[\]\\]/g;
const mention = (username: string): RegExp =>
  new RegExp(`(?:(?<!\\w)|^/\\w+)@${username.replace(CHARACTER, '\\$&')}(?!\\w)`, 'i');

/** Whether a message in a group is for the bot. */
export function isAddressed(message: Message, bot: Bot, groups: TelegramIntegration['groups']): boolean {
  if (groups === 'all') return true;
  if ('reply_to_message' in message && message.reply_to_message.from?.id === bot.id) return true;
  const text = 'text' in message ? message.text : 'caption' in message ? (message.caption ?? '') : '';
  return mention(bot.username).test(text);
}

/** The text without the name of the bot, but the one that says whose a command is. */
export function addressedText(text: string, username: string): string {
  return text.startsWith('/') ? text : text.replace(mention(username), '').replace(/ {2,}/g, ' ').trim();
}
