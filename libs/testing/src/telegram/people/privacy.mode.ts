import type { TelegramMessage } from '../json';
import type { TelegramBot } from '../telegram.bot';

/**
 * Whether a bot in privacy mode gets a group's message: commands for it, mentions of it, replies to it, and service
 * messages. https://core.telegram.org/bots/features#privacy-mode
 */
export function isMeantFor(bot: TelegramBot, message: TelegramMessage, lastBot: number | undefined): boolean {
  const text = message.text ?? (message['caption'] as string | undefined);
  if (text === undefined && !MEDIA.some((kind) => kind in message)) return true;
  const reply = message['reply_to_message'] as TelegramMessage | undefined;
  if (reply?.from?.['id'] === bot.id && !('forum_topic_created' in reply)) return true;
  const entities = message.entities ?? (message['caption_entities'] as TelegramMessage['entities']) ?? [];
  return entities.some(({ type, offset, length }) => {
    const [word = '', name] = (text ?? '').slice(offset, offset + length).split('@');
    if (name !== undefined) return name.toLowerCase() === bot.username.toLowerCase();
    return type === 'bot_command' && word !== '' && (lastBot === undefined || lastBot === bot.id);
  });
}

const MEDIA = ['photo', 'voice', 'document', 'contact'];
