import type {
  InlineKeyboardMarkup,
  MessageEntity,
  ReplyKeyboardMarkup,
  ReplyKeyboardRemove,
} from 'telegraf/types';

/** A message as Telegram is to have it; at most 4,096 characters (UTF-16 units) of text. */
export interface OutgoingMessage {
  text: string;
  entities: MessageEntity[];
  /** The topic of a forum it belongs to; 0 for none. */
  topic_id: number;
  /** The message it answers, in groups. */
  reply_to: number | null;
  keyboard: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | null;
  /** Takes the place of what this message of ours shows so far. */
  replaces: number | null;
}
