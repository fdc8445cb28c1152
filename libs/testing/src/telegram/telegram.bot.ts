import { createHash } from 'node:crypto';
import type { Json } from './json';
import type { LongPoll } from './delivery/long.poll';
import type { UpdateQueue } from './delivery/update.queue';
import type { WebhookDelivery } from './delivery/webhook.delivery';

export interface BotOptions {
  username?: string;
  first_name?: string;
  /** Off, as BotFather's privacy mode has it: of a group, the bot gets what is meant for it. */
  can_read_all_group_messages?: boolean;
  /** Topics in private chats. */
  has_topics_enabled?: boolean;
}

interface BotParts {
  queue: UpdateQueue;
  poll: LongPoll;
  webhook: WebhookDelivery;
}

const NOT_BY_DEFAULT = ['chat_member', 'message_reaction', 'message_reaction_count'];

/** A bot that BotFather has made. */
export class TelegramBot {
  readonly username: string;
  readonly first_name: string;
  readonly queue: UpdateQueue;
  readonly poll: LongPoll;
  readonly webhook: WebhookDelivery;
  /** Of each scope and language. */
  readonly commands = new Map<string, Json[]>();
  /** The types of updates it asked for; null is the default. */
  allowed_updates: string[] | null = null;
  private revocations = 0;
  private lastUpdateId: number;
  private lastMessageId = 0;

  constructor(
    readonly id: number,
    private readonly options: BotOptions,
    { queue, poll, webhook }: BotParts,
  ) {
    this.queue = queue;
    this.poll = poll;
    this.webhook = webhook;
    this.username = options.username ?? `stand_in_${id}_bot`;
    this.first_name = options.first_name ?? `Bot ${id}`;
    this.lastUpdateId = 100_000_000 + (id % 1_000) * 1_000_000;
  }

  get token(): string {
    const secret = createHash('sha256').update(`${this.id} ${this.revocations}`).digest('base64url');
    return `${this.id}:${secret.slice(0, 35)}`;
  }

  /** Gets another token: the old one is refused with 401. */
  revokeToken(): string {
    this.revocations++;
    return this.token;
  }

  /** How it appears in messages. */
  get user(): Json {
    return { id: this.id, is_bot: true, first_name: this.first_name, username: this.username };
  }

  /** What getMe answers. */
  get me(): Json {
    return {
      ...this.user,
      can_join_groups: true,
      can_read_all_group_messages: this.readsGroups,
      supports_guest_queries: false,
      supports_inline_queries: false,
      can_connect_to_business: false,
      has_main_web_app: false,
      has_topics_enabled: this.hasTopics,
      allows_users_to_create_topics: this.hasTopics,
      can_manage_bots: false,
      supports_join_request_queries: false,
    };
  }

  get readsGroups(): boolean {
    return this.options.can_read_all_group_messages ?? false;
  }

  get hasTopics(): boolean {
    return this.options.has_topics_enabled ?? false;
  }

  /** How many updates wait for it. */
  get pending(): number {
    return this.queue.waiting.length;
  }

  /** Puts an update into its queue as it is, unchecked; it gets the next id unless it has one. Returns the id. */
  deliver(update: Json): number {
    const update_id = (update['update_id'] as number | undefined) ?? this.nextUpdateId();
    this.lastUpdateId = update_id;
    this.queue.push({ ...update, update_id });
    return update_id;
  }

  /** Nothing comes for a week: the ids go on at another number, which may be lower. */
  idlesAWeek(next_update_id: number): void {
    this.lastUpdateId = next_update_id - 1;
  }

  wants(type: string): boolean {
    if (!this.allowed_updates || this.allowed_updates.length === 0) return !NOT_BY_DEFAULT.includes(type);
    return this.allowed_updates.includes(type);
  }

  nextUpdateId(): number {
    return ++this.lastUpdateId;
  }

  /** Its private chats and small groups share one sequence. */
  nextMessageId(): number {
    return ++this.lastMessageId;
  }
}
