import type {
  BotCommand,
  InlineKeyboardMarkup,
  Message,
  MessageEntity,
  ReplyKeyboardMarkup,
  ReplyKeyboardRemove,
  Update,
  UserFromGetMe,
} from 'telegraf/types';

interface Text {
  text: string;
  entities?: MessageEntity[];
  link_preview_options?: { is_disabled: boolean };
}

/** What the gateway asks of Telegram. Source: Telegram Bot API 10.1, https://core.telegram.org/bots/api. */
export interface BotApiMethods {
  getMe: { payload: object; result: UserFromGetMe };
  /** `timeout` in seconds; updates below `offset` count as received. */
  getUpdates: {
    payload: { offset: number; limit: number; timeout: number; allowed_updates: string[] };
    result: Update[];
  };
  setWebhook: {
    payload: {
      url: string;
      secret_token: string;
      max_connections: number;
      allowed_updates: string[];
    };
    result: true;
  };
  deleteWebhook: { payload: { drop_pending_updates: boolean }; result: true };
  setMyCommands: { payload: { commands: BotCommand[]; language_code?: string }; result: true };
  sendMessage: {
    payload: Text & {
      chat_id: number;
      message_thread_id?: number;
      reply_parameters?: { message_id: number; allow_sending_without_reply: boolean };
      reply_markup?: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove;
    };
    result: Message.TextMessage;
  };
  editMessageText: {
    payload: Text & { chat_id: number; message_id: number; reply_markup?: InlineKeyboardMarkup };
    result: Message.TextMessage | true;
  };
  /** Shows a text in a private chat while it is written; the same `draft_id` changes it. */
  sendMessageDraft: {
    payload: Text & { chat_id: number; message_thread_id?: number; draft_id: number };
    result: true;
  };
  sendChatAction: {
    payload: { chat_id: number; message_thread_id?: number; action: 'typing' };
    result: true;
  };
  answerCallbackQuery: { payload: { callback_query_id: string; text?: string }; result: true };
}
