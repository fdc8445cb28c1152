import { BoundedList } from '../bounded.list';
import type { Json, TelegramEntity, TelegramMessage } from '../json';

/** A step of a streamed message, as the user saw it at `at`. */
export interface SeenDraft {
  draft_id: number;
  text: string;
  entities: TelegramEntity[];
  message_thread_id?: number;
  at: number;
}

export interface SeenAction {
  action: string;
  message_thread_id?: number;
  at: number;
}

/** What a message has been, beside what it is. */
export interface MessageHistory {
  /** When it came, in milliseconds. */
  at: number;
  edits: { at: number; text: string }[];
}

const DRAFT_LIVES_MS = 30_000;
const KEPT = 1_000;

/** One conversation as Telegram keeps it. */
export class TelegramChat {
  readonly drafts = new BoundedList<SeenDraft>(KEPT);
  readonly actions = new BoundedList<SeenAction>(KEPT);
  /** The service message that opened a topic, by `message_thread_id`. */
  readonly topics = new Map<number, TelegramMessage>();
  readonly closedTopics = new Set<number>();
  /** The keyboard below the user's input field. */
  reply_keyboard: Json | null = null;
  /** The supergroup that took this group's place. */
  migrated_to: number | null = null;
  private readonly messages = new Map<number, TelegramMessage>();
  private readonly histories = new Map<number, MessageHistory>();
  private readonly finished = new Map<number, number>();

  constructor(
    /** A Chat of the Bot API. */
    readonly info: Json,
    private readonly nextId: () => number,
    private readonly clock: () => number,
    private readonly limit: number,
  ) {}

  get id(): number {
    return this.info['id'] as number;
  }

  get isPrivate(): boolean {
    return this.info['type'] === 'private';
  }

  /** Oldest first. */
  get all(): TelegramMessage[] {
    return [...this.messages.values()];
  }

  message(id: number): TelegramMessage | undefined {
    return this.messages.get(id);
  }

  historyOf(id: number): MessageHistory {
    return this.histories.get(id) ?? { at: 0, edits: [] };
  }

  /** Adds a message, and forgets the oldest past the limit. */
  post(content: Json): TelegramMessage {
    const at = this.clock();
    const message: TelegramMessage = {
      message_id: this.nextId(),
      date: Math.floor(at / 1_000),
      chat: this.info,
      ...content,
    };
    this.messages.set(message.message_id, message);
    this.histories.set(message.message_id, { at, edits: [] });
    const [oldest] = this.messages.keys();
    if (this.messages.size > this.limit && oldest !== undefined) this.delete(oldest);
    return message;
  }

  /** Puts another version in a message's place: what was answered or delivered before keeps the old one. */
  replace(message: TelegramMessage): TelegramMessage {
    const before = this.messages.get(message.message_id);
    this.messages.set(message.message_id, message);
    const { edits } = this.historyOf(message.message_id);
    if (before?.text !== message.text) edits.push({ at: this.clock(), text: message.text ?? '' });
    if (edits.length > KEPT) edits.shift();
    return message;
  }

  /** Begins a topic with a service message, whose id is the topic's. */
  openTopic(name: string, from: Json): TelegramMessage {
    const created = { from, is_topic_message: true, forum_topic_created: { name, icon_color: 7_322_096 } };
    const service = this.post(created);
    const message = this.replace({ ...service, message_thread_id: service.message_id });
    this.topics.set(message.message_id, message);
    return message;
  }

  delete(id: number): void {
    this.messages.delete(id);
    this.histories.delete(id);
  }

  /** A finished message takes the place of the draft that is shown. */
  endDraft(message_thread_id = 0): void {
    this.finished.set(message_thread_id, this.drafts.items.length + this.drafts.forgotten);
  }

  /** The draft that is shown now: the latest, for 30 seconds, until a message ends it. */
  draft(message_thread_id = 0): SeenDraft | undefined {
    const since = (this.finished.get(message_thread_id) ?? 0) - this.drafts.forgotten;
    return this.drafts.items
      .slice(Math.max(0, since))
      .filter((draft) => (draft.message_thread_id ?? 0) === message_thread_id)
      .filter(({ at }) => this.clock() - at < DRAFT_LIVES_MS)
      .at(-1);
  }
}
