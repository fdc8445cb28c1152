/** What has no narrower type here: objects of the Bot API as they go over the wire. */
export type Json = Record<string, any>;

/** A Message of the Bot API, as much of it as the stand-in fills in. */
export interface TelegramMessage extends Json {
  message_id: number;
  date: number;
  chat: Json;
  from?: Json;
  text?: string;
  entities?: TelegramEntity[];
  message_thread_id?: number;
  reply_markup?: Json;
}

/** A MessageEntity: offset and length count UTF-16 code units. */
export interface TelegramEntity extends Json {
  type: string;
  offset: number;
  length: number;
}
