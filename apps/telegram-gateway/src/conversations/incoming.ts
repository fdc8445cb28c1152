import type { ApprovalDecision, TelegramIntegration } from '@roost/contracts';
import type { Message, Update, User } from 'telegraf/types';
import { addressedText, isAddressed } from './group.addressing';

/** Where something was said, and who said it. */
export interface Place {
  chat_id: number;
  /** Of a forum; 0 elsewhere. */
  topic_id: number;
  is_private: boolean;
  user: User;
  /** The message itself; null for a button. */
  message_id: number | null;
}

/** What happens in order: a chat, or one topic of a forum. */
export const conversationKey = ({ chat_id, topic_id }: Pick<Place, 'chat_id' | 'topic_id'>): string =>
  `${chat_id}:${topic_id}`;

export const commands = ['start', 'help', 'new', 'stop'] as const;
export type Command = (typeof commands)[number];

/** What an update asks of the gateway. */
export type Incoming =
  | { kind: 'text'; place: Place; text: string }
  | { kind: 'command'; place: Place; command: Command }
  | { kind: 'contact'; place: Place; is_own: boolean; phone_number: string }
  | { kind: 'unsupported'; place: Place }
  | {
      kind: 'decision';
      place: Place;
      callback_query_id: string;
      approval_id: string;
      decision: Extract<ApprovalDecision['decision'], 'approve' | 'reject'>;
    }
  /** A group has become a supergroup: the same people under another id. */
  | { kind: 'moved'; from: number; to: number }
  /** A button of ours that means nothing any more. */
  | { kind: 'stale_button'; callback_query_id: string }
  | { kind: 'ignored' };

export interface Bot {
  id: number;
  username: string;
}

const IGNORED = { kind: 'ignored' } as const;

/** What a bot is to do with an update; what is said to others, or in chats it does not serve, is ignored. */
export function readUpdate(update: Update, bot: Bot, integration: TelegramIntegration): Incoming {
  if ('callback_query' in update) return readButton(update, integration);
  const message =
    'message' in update ? update.message : 'edited_message' in update ? update.edited_message : null;
  const moved = message && readMove(message);
  if (moved) return moved;
  if (!message?.from || message.from.is_bot) return IGNORED;
  const place = placeOf(message, message.from);
  if (!isServed(place, integration)) return IGNORED;
  if (!place.is_private && !isAddressed(message, bot, integration.groups)) return IGNORED;
  if ('contact' in message)
    return {
      kind: 'contact',
      place,
      is_own: message.contact.user_id === message.from.id,
      phone_number: message.contact.phone_number,
    };
  if ('text' in message) return readText(message, place, bot);
  // A live location is edited every few seconds: what was answered once is not answered again.
  if ('edited_message' in update || isService(message)) return IGNORED;
  return { kind: 'unsupported', place };
}

/** Said in the old chat as well as in the new one. */
function readMove(message: Message): Extract<Incoming, { kind: 'moved' }> | null {
  if ('migrate_to_chat_id' in message)
    return { kind: 'moved', from: message.chat.id, to: message.migrate_to_chat_id };
  if ('migrate_from_chat_id' in message)
    return { kind: 'moved', from: message.migrate_from_chat_id, to: message.chat.id };
  return null;
}

function readText(message: Message.TextMessage, place: Place, bot: Bot): Incoming {
  const text = place.is_private ? message.text : addressedText(message.text, bot.username);
  const name = /^\/([a-z]+)(?:@(\w+))?(?:\s|$)/i.exec(text.trim());
  const command = commands.find((known) => known === name?.[1]?.toLowerCase());
  const forAnother = name?.[2] !== undefined && name[2].toLowerCase() !== bot.username.toLowerCase();
  if (forAnother) return IGNORED;
  if (command) return { kind: 'command', place, command };
  return text.trim() === '' ? IGNORED : { kind: 'text', place, text };
}

function readButton(update: Update.CallbackQueryUpdate, integration: TelegramIntegration): Incoming {
  const { id, from, message } = update.callback_query;
  const data = 'data' in update.callback_query ? update.callback_query.data : '';
  const [, letter, approval_id] = /^([ar]):(apr_[A-Za-z0-9_-]{1,40})$/.exec(data) ?? [];
  if (!message || !approval_id) return { kind: 'stale_button', callback_query_id: id };
  const place = { ...placeOf(message, from), message_id: null };
  if (!isServed(place, integration)) return { kind: 'stale_button', callback_query_id: id };
  return {
    kind: 'decision',
    place,
    callback_query_id: id,
    approval_id,
    decision: letter === 'a' ? 'approve' : 'reject',
  };
}

/** What a button says, at most 64 bytes; read by {@link readUpdate}. */
export const buttonData = (decision: 'approve' | 'reject', approval_id: string): string =>
  `${decision === 'approve' ? 'a' : 'r'}:${approval_id}`;

function placeOf(message: Pick<Message, 'chat' | 'message_id'> & object, user: User): Place {
  const topic =
    'is_topic_message' in message && message.is_topic_message === true && 'message_thread_id' in message
      ? Number(message.message_thread_id)
      : 0;
  return {
    chat_id: message.chat.id,
    topic_id: topic,
    is_private: message.chat.type === 'private',
    user,
    message_id: message.message_id,
  };
}

const isServed = ({ chat_id, is_private }: Place, integration: TelegramIntegration): boolean =>
  (integration.allowed_chats === null || integration.allowed_chats.includes(chat_id)) &&
  (is_private || integration.groups !== 'off');

/** Telegram's own words: somebody joined, a title has changed. */
const isService = (message: Message): boolean => !content.some((kind) => kind in message);

const content = [
  'animation',
  'audio',
  'document',
  'location',
  'photo',
  'poll',
  'sticker',
  'story',
  'venue',
  'video',
  'video_note',
  'voice',
];
