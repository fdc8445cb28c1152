import type { TelegramChat } from '../chats/telegram.chat';
import type { Json, TelegramEntity, TelegramMessage } from '../json';
import type { TelegramBot } from '../telegram.bot';
import type { TelegramWorld } from '../telegram.world';
import { typed } from './message.entities';
import type { TelegramGroup } from './telegram.group';

export interface UserOptions {
  id?: number;
  first_name?: string;
  last_name?: string;
  username?: string;
  language_code?: string;
  phone_number?: string;
}

/** Where something is said, and in answer to what. */
export interface Place {
  /** A group; the private chat with the bot when absent. */
  group?: TelegramGroup;
  message_thread_id?: number;
  reply_to?: { message_id: number };
}

export interface Caption extends Place {
  caption?: string;
}

/** Somebody with a phone. */
export class TelegramUser {
  readonly id: number;
  readonly phone_number: string;
  isDeactivated = false;
  private readonly blocked = new Set<TelegramBot>();

  constructor(
    private readonly world: TelegramWorld,
    private readonly options: UserOptions,
  ) {
    this.id = options.id ?? 500_000_000 + world.nextId();
    this.phone_number = options.phone_number ?? `+1555${String(this.id % 10_000_000).padStart(7, '0')}`;
    world.users.set(this.id, this);
  }

  get names(): Json {
    const { first_name = `User ${this.id}`, last_name, username } = this.options;
    return { first_name, ...(last_name ? { last_name } : {}), ...(username ? { username } : {}) };
  }

  /** A User of the Bot API. */
  get user(): Json {
    const { language_code } = this.options;
    return { id: this.id, is_bot: false, ...this.names, ...(language_code ? { language_code } : {}) };
  }

  hasBlocked(bot: TelegramBot): boolean {
    return this.blocked.has(bot);
  }

  /** Sends a text; commands and mentions in it become entities. */
  says(bot: TelegramBot, text: string, place: Place = {}): TelegramMessage {
    return this.sends(bot, typed(text), place);
  }

  /** Changes a text of theirs. */
  edits(
    bot: TelegramBot,
    { message_id }: { message_id: number },
    text: string,
    { group }: Place = {},
  ): TelegramMessage {
    const chat = this.chatWith(bot, group);
    const before = chat.message(message_id);
    if (before?.from?.['id'] !== this.id) throw new Error(`${message_id} is no message of user ${this.id}`);
    const { entities: _old, ...rest } = before;
    const edit_date = Math.floor(this.world.clock() / 1_000);
    const message = chat.replace({ ...rest, ...typed(text), edit_date });
    if (group) group.tells('edited_message', message);
    else this.world.tell(bot, 'edited_message', message);
    return message;
  }

  /** Shares their own contact, or somebody else's from the phone book; one without an account has no `user_id`. */
  sharesContact(
    bot: TelegramBot,
    { of_other_user, ...place }: Place & { of_other_user?: TelegramUser | 'without an account' } = {},
  ): TelegramMessage {
    const owner = of_other_user instanceof TelegramUser ? of_other_user : this;
    const contact =
      of_other_user === 'without an account'
        ? { phone_number: '+15550000000', first_name: 'Somebody' }
        : {
            phone_number: owner.phone_number,
            first_name: owner.names['first_name'] as string,
            user_id: owner.id,
          };
    return this.sends(bot, { contact }, place);
  }

  sendsPhoto(bot: TelegramBot, { caption, ...place }: Caption = {}): TelegramMessage {
    return this.sends(
      bot,
      { photo: [{ ...this.file('photo'), width: 90, height: 60 }], ...captioned(caption) },
      place,
    );
  }

  sendsVoice(bot: TelegramBot, { caption, ...place }: Caption = {}): TelegramMessage {
    const voice = { ...this.file('voice'), duration: 3, mime_type: 'audio/ogg' };
    return this.sends(bot, { voice, ...captioned(caption) }, place);
  }

  sendsDocument(
    bot: TelegramBot,
    { caption, file_name = 'notes.txt', ...place }: Caption & { file_name?: string } = {},
  ): TelegramMessage {
    const document = { ...this.file('document'), file_name, mime_type: 'text/plain' };
    return this.sends(bot, { document, ...captioned(caption) }, place);
  }

  /** Presses the newest inline button with this data or label; returns the id of the callback query. */
  presses(bot: TelegramBot, button: string, { group }: Place = {}): string {
    const chat = this.chatWith(bot, group);
    const message = chat.all.findLast((one) => buttonIn(one, button));
    const pressed = message && buttonIn(message, button);
    if (!pressed)
      throw new Error(`user ${this.id} sees no button ${button}: wait for the message that brings it`);
    const id = this.world.askCallback(bot);
    const data = pressed['callback_data'] as string;
    this.world.tell(bot, 'callback_query', {
      id,
      from: this.user,
      message,
      chat_instance: `${chat.id}`,
      data,
    });
    return id;
  }

  /** Opens a topic in the private chat of a bot that has such; returns its `message_thread_id`. */
  opensTopic(bot: TelegramBot, name: string): number {
    if (!bot.hasTopics) throw new Error('make the bot with has_topics_enabled');
    const message = this.chatWith(bot).openTopic(name, this.user);
    this.world.tell(bot, 'message', message);
    return message.message_id;
  }

  blocks(bot: TelegramBot): void {
    this.blocked.add(bot);
    this.membership(bot, 'member', 'kicked');
  }

  unblocks(bot: TelegramBot): void {
    this.blocked.delete(bot);
    this.membership(bot, 'kicked', 'member');
  }

  /** Deletes their account. */
  deactivates(): void {
    this.isDeactivated = true;
  }

  private sends(
    bot: TelegramBot,
    content: Json,
    { group, message_thread_id, reply_to }: Place,
  ): TelegramMessage {
    const chat = this.chatWith(bot, group);
    const replied = reply_to && chat.message(reply_to.message_id);
    if (reply_to && !replied) throw new Error(`there is no message ${reply_to.message_id} to reply to`);
    const message = chat.post({
      from: this.user,
      ...threadOf(chat, message_thread_id, replied),
      ...content,
    });
    if (group) group.tells('message', message);
    else this.world.tell(bot, 'message', message);
    return message;
  }

  private chatWith(bot: TelegramBot, group?: TelegramGroup): TelegramChat {
    return group?.chat ?? this.world.privateChat(bot, this);
  }

  private file(kind: string): Json {
    const name = `${kind}-${this.world.nextId()}`;
    return { file_id: name, file_unique_id: name, file_size: 1_024 };
  }

  private membership(bot: TelegramBot, before: string, after: string): void {
    const member = (status: string): Json => ({
      status,
      user: bot.user,
      ...(status === 'kicked' ? { until_date: 0 } : {}),
    });
    this.world.tell(bot, 'my_chat_member', {
      chat: this.chatWith(bot).info,
      from: this.user,
      date: Math.floor(this.world.clock() / 1_000),
      old_chat_member: member(before),
      new_chat_member: member(after),
    });
  }
}

/** A topic's message answers the one that opened it, unless it answers another; a supergroup's reply has a thread too. */
function threadOf(
  chat: TelegramChat,
  message_thread_id: number | undefined,
  replied: TelegramMessage | undefined,
): Json {
  const plain = replied && withoutReply(replied);
  if (message_thread_id !== undefined) {
    const opened = chat.topics.get(message_thread_id);
    if (!opened) throw new Error(`there is no topic ${message_thread_id}: open it first`);
    return { message_thread_id, is_topic_message: true, reply_to_message: plain ?? opened };
  }
  if (!plain) return {};
  if (chat.info['type'] !== 'supergroup') return { reply_to_message: plain };
  return { message_thread_id: plain.message_thread_id ?? plain.message_id, reply_to_message: plain };
}

function withoutReply({ reply_to_message: _nested, ...message }: TelegramMessage): TelegramMessage {
  return message;
}

function captioned(caption: string | undefined): { caption?: string; caption_entities?: TelegramEntity[] } {
  if (caption === undefined) return {};
  const { entities } = typed(caption);
  return { caption, ...(entities ? { caption_entities: entities } : {}) };
}

function buttonIn({ reply_markup }: TelegramMessage, wanted: string): Json | undefined {
  const rows = (reply_markup?.['inline_keyboard'] ?? []) as Json[][];
  return rows
    .flat()
    .find(({ callback_data, text }) => callback_data !== undefined && [callback_data, text].includes(wanted));
}
