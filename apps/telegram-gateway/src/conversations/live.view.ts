import type { TelegramIntegration } from '@roost/contracts';
import type { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal } from '../bot-api/bot-api.error';
import { formatDraft } from '../formatting/reply.format';
import type { SendingBudget } from '../outbox/sending.budget';
import type { Place } from './incoming';

/** Milliseconds for which Telegram shows that a bot is typing: 5 s, less what a call takes. */
const TYPING_MS = 4_000;
/** Milliseconds between two changes of what is shown. */
const CHANGE_MS = 1_500;

export interface LiveViewOptions {
  place: Place;
  update_id: number;
  streaming: TelegramIntegration['streaming'];
  /** It is a person's turn: nobody is typing. */
  isPaused: () => boolean;
  /** A message that an earlier gateway showed the beginning in. */
  shown_message_id: number | null;
  /** A message shows the beginning from now on: whoever comes after must know it. */
  onShown: (message_id: number) => Promise<void>;
  /** Telegram asked for a pause of so many milliseconds. */
  onRefused: (wait_ms: number) => void;
}

/**
 * What a user sees while an answer is written: that the bot is typing, or the text so far. All of it may be dropped,
 * and is as soon as a message would have to wait for it.
 */
export class LiveView {
  private text = '';
  private written = '';
  private changedAt = Number.NEGATIVE_INFINITY;
  private typedAt = Number.NEGATIVE_INFINITY;
  private ended = false;
  private textRefused = false;
  private call: Promise<void> | null = null;
  /** Ends what only hints at the answer; what stays in the chat has to be known of. */
  private readonly hinting = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly api: BotApi,
    private readonly budget: SendingBudget,
    private readonly options: LiveViewOptions,
  ) {
    this.timer = setInterval(() => this.show(), CHANGE_MS / 3).unref();
    this.show();
  }

  /** The message that shows the beginning of the answer; the whole takes its place. */
  get shownMessageId(): number | null {
    return this.options.shown_message_id;
  }

  add(token: string): void {
    this.text += token;
  }

  /** Nothing of it comes after this, and no hint that hangs holds up the answer. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    this.ended = true;
    this.hinting.abort();
    await this.call;
  }

  private show(): void {
    if (this.ended || this.call) return;
    const step = this.nextStep(performance.now());
    if (!step || !this.budget.takeSpare(this.options.place.chat_id)) return;
    this.call = step()
      .catch((error: unknown) => this.afterFailure(error))
      .finally(() => (this.call = null));
  }

  private nextStep(now: number): (() => Promise<void>) | null {
    if (this.showsText && this.text.trim() !== this.written && now - this.changedAt >= CHANGE_MS) {
      this.changedAt = now;
      return () => this.showText(this.text.trim());
    }
    if (this.options.isPaused() || now - Math.max(this.typedAt, this.changedAt) < TYPING_MS) return null;
    this.typedAt = now;
    return () => this.showTyping();
  }

  /** Drafts are for private chats alone. */
  private get showsText(): boolean {
    const { streaming, place } = this.options;
    return !this.textRefused && (streaming === 'edit' || (streaming === 'draft' && place.is_private));
  }

  private async showTyping(): Promise<void> {
    await this.api.call('sendChatAction', { ...this.target, action: 'typing' }, this.hint);
  }

  private async showText(text: string): Promise<void> {
    const content = { ...formatDraft(text), link_preview_options: { is_disabled: true } };
    if (content.text === '') return;
    const { streaming, update_id, place } = this.options;
    if (streaming === 'draft') {
      const { link_preview_options: _link_preview_options, ...draft } = content;
      await this.api.call(
        'sendMessageDraft',
        { ...this.target, ...draft, draft_id: update_id + 1 },
        this.hint,
      );
    } else if (this.options.shown_message_id === null) {
      const { message_id } = await this.api.call('sendMessage', { ...this.target, ...content });
      this.options.shown_message_id = message_id;
      await this.options.onShown(message_id);
    } else {
      const message_id = this.options.shown_message_id;
      await this.api.call('editMessageText', { chat_id: place.chat_id, message_id, ...content });
    }
    this.written = text;
  }

  private get hint(): { signal: AbortSignal } {
    return { signal: this.hinting.signal };
  }

  private get target(): { chat_id: number; message_thread_id?: number } {
    const { chat_id, topic_id } = this.options.place;
    return { chat_id, ...(topic_id === 0 ? {} : { message_thread_id: topic_id }) };
  }

  /** What Telegram does not take is not shown; the answer itself comes all the same. */
  private afterFailure(error: unknown): void {
    if (!(error instanceof BotApiRefusal)) return;
    if (error.retry_after_s !== null) this.options.onRefused(error.retry_after_s * 1_000);
    else if (error.isForbidden) this.ended = true;
    // Some chats take no drafts; and a message that was deleted cannot be edited.
    else this.textRefused = true;
  }
}
