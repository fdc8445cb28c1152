import type { TelegramChat } from '../chats/telegram.chat';
import type { Json, TelegramMessage } from '../json';
import { editableMessage, repliedMessage, topicFields, writableChat } from '../rules/chat.rules';
import { inlineKeyboard, replyMarkup } from '../rules/keyboard.rules';
import { formattedText } from '../rules/text.rules';
import { badRequest } from '../telegram.refusal';
import type { Method, MethodCall } from './method';

const TWO_DAYS_MS = 48 * 60 * 60 * 1_000;

export const sendMessage: Method = ({ world, bot, params, note }) => {
  const chat = writableChat(world, bot, params);
  const { text, entities } = formattedText(params, note);
  const topic = topicFields(chat, params);
  const replied = repliedMessage(chat, params);
  const markup = replyMarkup(params);
  world.flood?.admit(bot.id, chat, 'message');
  keepReplyKeyboard(chat, markup);
  chat.endDraft(topic.message_thread_id);
  return chat.post({
    from: bot.user,
    ...topic,
    ...(replied ? { reply_to_message: replied } : {}),
    text,
    ...(entities.length > 0 ? { entities } : {}),
    ...keyboardField(markup),
  });
};

export const editMessageText: Method = ({ world, bot, params, note }) => {
  const chat = writableChat(world, bot, params);
  const before = editableMessage(chat, bot, params);
  const { text, entities } = formattedText(params, note);
  const { entities: _old, reply_markup: _gone, ...rest } = before;
  const after: TelegramMessage = {
    ...rest,
    text,
    ...(entities.length > 0 ? { entities } : {}),
    ...keyboardField(replyMarkup(params)),
  };
  return replaced({ world, bot }, chat, before, after);
};

export const editMessageReplyMarkup: Method = ({ world, bot, params }) => {
  const chat = writableChat(world, bot, params);
  const before = editableMessage(chat, bot, params);
  const { reply_markup: _gone, ...rest } = before;
  return replaced({ world, bot }, chat, before, { ...rest, ...keyboardField(replyMarkup(params)) });
};

export const deleteMessage: Method = ({ world, bot, params }) => {
  const chat = writableChat(world, bot, params);
  const message = chat.message(params.integer('message_id'));
  if (!message) throw badRequest('message to delete not found');
  const isTooOld = world.clock() - message.date * 1_000 > TWO_DAYS_MS;
  const isOwn = message.from?.['id'] === bot.id;
  if (isTooOld || (!isOwn && !chat.isPrivate)) throw badRequest("message can't be deleted for everyone");
  chat.delete(message.message_id);
  return true;
};

function replaced(
  { world, bot }: Pick<MethodCall, 'world' | 'bot'>,
  chat: TelegramChat,
  before: TelegramMessage,
  after: TelegramMessage,
): TelegramMessage {
  if (content(before) === content(after))
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
  world.flood?.admit(bot.id, chat, 'message');
  return chat.replace({ ...after, edit_date: Math.floor(world.clock() / 1_000) });
}

const content = ({ text, entities, reply_markup }: TelegramMessage): string =>
  JSON.stringify([text, entities ?? [], reply_markup ?? null]);

function keyboardField(markup: Json | undefined): { reply_markup?: Json } {
  const keyboard = inlineKeyboard(markup);
  return keyboard ? { reply_markup: keyboard } : {};
}

function keepReplyKeyboard(chat: TelegramChat, markup: Json | undefined): void {
  if (markup?.['keyboard']) chat.reply_keyboard = markup;
  if (markup?.['remove_keyboard'] === true) chat.reply_keyboard = null;
}
