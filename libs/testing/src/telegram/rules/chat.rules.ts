import type { TelegramChat } from '../chats/telegram.chat';
import type { TelegramMessage } from '../json';
import type { RequestParams } from '../http/request.params';
import type { TelegramBot } from '../telegram.bot';
import { badRequest, forbidden, TelegramRefusal } from '../telegram.refusal';
import type { TelegramWorld } from '../telegram.world';

/** The chat that `chat_id` names, if the bot may write to it. */
export function writableChat(world: TelegramWorld, bot: TelegramBot, params: RequestParams): TelegramChat {
  if (!params.has('chat_id')) throw badRequest('chat_id is empty');
  const id = params.integer('chat_id');
  return id > 0 ? privateChat(world, bot, id) : groupChat(world, bot, id);
}

function privateChat(world: TelegramWorld, bot: TelegramBot, id: number): TelegramChat {
  const user = world.users.get(id);
  if (!user) throw badRequest('chat not found');
  const chat = world.openChat(bot, id);
  if (user.isDeactivated) throw forbidden('user is deactivated');
  if (!chat) throw forbidden("bot can't initiate conversation with a user");
  if (user.hasBlocked(bot)) throw forbidden('bot was blocked by the user');
  return chat;
}

function groupChat(world: TelegramWorld, bot: TelegramBot, id: number): TelegramChat {
  const chat = world.openChat(bot, id);
  const group = world.groups.get(id);
  if (!chat || !group) throw badRequest('chat not found');
  if (chat.migrated_to !== null)
    throw new TelegramRefusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: chat.migrated_to,
    });
  const kind = `${chat.info['type']} chat`;
  if (group.hasKicked(bot)) throw forbidden(`bot was kicked from the ${kind}`);
  if (!group.hasMember(bot)) throw forbidden(`bot is not a member of the ${kind}`);
  return chat;
}

/** What a message carries that goes to the topic which `message_thread_id` names; nothing outside of topics. */
export function topicFields(
  chat: TelegramChat,
  params: RequestParams,
): { message_thread_id?: number; is_topic_message?: true } {
  if (!params.has('message_thread_id')) return {};
  const message_thread_id = params.integer('message_thread_id');
  if (!chat.topics.has(message_thread_id)) throw badRequest('message thread not found');
  if (chat.closedTopics.has(message_thread_id)) throw badRequest('TOPIC_CLOSED');
  return { message_thread_id, is_topic_message: true };
}

/** The message that `reply_parameters` name. */
export function repliedMessage(chat: TelegramChat, params: RequestParams): TelegramMessage | undefined {
  const reply = params.json('reply_parameters');
  if (!reply) return undefined;
  const message = chat.message(Number(reply['message_id']));
  if (message) {
    const { reply_to_message: _nested, ...plain } = message;
    return plain;
  }
  if (reply['allow_sending_without_reply'] === true) return undefined;
  throw badRequest('message to be replied not found');
}

/** The bot's own message that is to be edited. */
export function editableMessage(
  chat: TelegramChat,
  bot: TelegramBot,
  params: RequestParams,
): TelegramMessage {
  const message = chat.message(params.integer('message_id'));
  if (!message) throw badRequest('message to edit not found');
  if (message.from?.['id'] !== bot.id) throw badRequest("message can't be edited");
  return message;
}
