import type { Json, TelegramEntity, TelegramMessage } from '../json';
import type { SeenAction, SeenDraft, TelegramChat } from './telegram.chat';

/** A message as the user sees it now. */
export interface SeenMessage {
  message_id: number;
  by_bot: boolean;
  /** A caption counts as text. */
  text: string;
  entities: TelegramEntity[];
  /** Rows of inline buttons; empty without. */
  buttons: Json[][];
  message_thread_id?: number;
  reply_to?: number;
  /** When it came, in milliseconds. */
  at: number;
  /** Every text it had after the first. */
  edits: { at: number; text: string }[];
}

/** What a user sees of a chat. */
export class ChatView {
  /** `find` yields the chat once somebody has begun it. */
  constructor(private readonly find: () => TelegramChat | undefined) {}

  /** Oldest first, edits applied, without what was deleted and without service messages. */
  get messages(): SeenMessage[] {
    const chat = this.find();
    return chat ? chat.all.filter(isContent).map((message) => seen(chat, message)) : [];
  }

  /** The messages of bots alone. */
  get replies(): SeenMessage[] {
    return this.messages.filter(({ by_bot }) => by_bot);
  }

  /** Their texts. */
  get texts(): string[] {
    return this.replies.map(({ text }) => text);
  }

  /** Every step of every streamed message; the newest 1,000. */
  get drafts(): readonly SeenDraft[] {
    return this.find()?.drafts.items ?? [];
  }

  /** The draft that is shown now, in a topic if one is named. */
  draft(message_thread_id?: number): SeenDraft | undefined {
    return this.find()?.draft(message_thread_id);
  }

  /** Typing and the like; the newest 1,000. */
  get actions(): readonly SeenAction[] {
    return this.find()?.actions.items ?? [];
  }

  /** The keyboard below the input field, with the button that shares a contact; null without. */
  get reply_keyboard(): Json | null {
    return this.find()?.reply_keyboard ?? null;
  }
}

function seen(chat: TelegramChat, message: TelegramMessage): SeenMessage {
  const { message_id, message_thread_id } = message;
  const reply_to = message['reply_to_message']?.message_id as number | undefined;
  return {
    message_id,
    by_bot: message.from?.['is_bot'] === true,
    text: message.text ?? (message['caption'] as string | undefined) ?? '',
    entities: message.entities ?? [],
    buttons: (message.reply_markup?.['inline_keyboard'] as Json[][] | undefined) ?? [],
    ...(message_thread_id === undefined ? {} : { message_thread_id }),
    ...(reply_to === undefined ? {} : { reply_to }),
    ...chat.historyOf(message_id),
  };
}

const CONTENT = ['text', 'contact', 'photo', 'voice', 'document'];

const isContent = (message: TelegramMessage): boolean => CONTENT.some((kind) => message[kind] !== undefined);
