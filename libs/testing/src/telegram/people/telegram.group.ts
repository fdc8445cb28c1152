import type { TelegramChat } from '../chats/telegram.chat';
import type { Json, TelegramMessage } from '../json';
import type { TelegramBot } from '../telegram.bot';
import type { TelegramWorld } from '../telegram.world';
import { isMeantFor } from './privacy.mode';
import type { TelegramUser } from './telegram.user';

export interface GroupOptions {
  title?: string;
  type?: 'group' | 'supergroup';
  /** Topics; only supergroups have them. */
  is_forum?: boolean;
  bots: TelegramBot[];
}

/** A group chat and who is in it. */
export class TelegramGroup {
  chat: TelegramChat;
  private readonly members: Set<TelegramBot>;
  private readonly kicked = new Set<TelegramBot>();

  constructor(
    private readonly world: TelegramWorld,
    { title = 'A group', type = 'supergroup', is_forum = false, bots }: GroupOptions,
  ) {
    this.members = new Set(bots);
    this.chat = world.groupChat({
      id: type === 'group' ? -world.nextId() - 4_000_000_000 : supergroupId(world),
      type,
      title,
      ...(is_forum ? { is_forum } : {}),
    });
    world.groups.set(this.id, this);
  }

  get id(): number {
    return this.chat.id;
  }

  hasMember(bot: TelegramBot): boolean {
    return this.members.has(bot);
  }

  hasKicked(bot: TelegramBot): boolean {
    return this.kicked.has(bot);
  }

  /** Opens a topic; returns its `message_thread_id`. */
  opensTopic(name: string, by: TelegramUser): number {
    const message = this.chat.openTopic(name, by.user);
    this.tells('message', message);
    return message.message_id;
  }

  deletesTopic(message_thread_id: number): void {
    this.chat.topics.delete(message_thread_id);
  }

  closesTopic(message_thread_id: number): void {
    this.chat.closedTopics.add(message_thread_id);
  }

  /** An administrator throws the bot out. */
  kicks(bot: TelegramBot, by: TelegramUser): void {
    this.members.delete(bot);
    this.kicked.add(bot);
    this.world.tell(bot, 'my_chat_member', {
      chat: this.chat.info,
      from: by.user,
      date: Math.floor(this.world.clock() / 1_000),
      old_chat_member: { status: 'member', user: bot.user },
      new_chat_member: { status: 'kicked', user: bot.user, until_date: 0 },
    });
  }

  /** The group becomes a supergroup with another id; who writes to the old one is told the new one. */
  migrates(by: TelegramUser): void {
    const before = this.chat;
    const { title } = before.info;
    this.chat = this.world.groupChat({
      id: supergroupId(this.world),
      type: 'supergroup',
      title: title as string,
    });
    this.world.groups.set(this.id, this);
    before.migrated_to = this.id;
    this.tells('message', before.post({ from: by.user, migrate_to_chat_id: this.id }));
    this.tells('message', this.chat.post({ from: by.user, migrate_from_chat_id: before.id }));
  }

  /** Tells each bot that may read it; a bot in privacy mode gets only what is meant for it. */
  tells(type: string, message: TelegramMessage | Json): void {
    for (const bot of this.members)
      if (bot.readsGroups || isMeantFor(bot, message as TelegramMessage, this.lastBot))
        this.world.tell(bot, type, message);
  }

  /** The bot that wrote last: a command without a name is for it. */
  private get lastBot(): number | undefined {
    return this.chat.all.findLast(({ from }) => from?.['is_bot'] === true)?.from?.['id'] as
      number | undefined;
  }
}

const supergroupId = (world: TelegramWorld): number => -1_002_000_000_000 - world.nextId();
