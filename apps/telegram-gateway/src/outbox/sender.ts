import { inSpan } from '@roost/service-kit/tracing';
import type { Logger } from 'pino';
import type { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal, BotApiSilence } from '../bot-api/bot-api.error';
import { backoff, pause } from '../ingest/pause';
import type { OutgoingEntity } from './outgoing.entity';
import type { OutgoingMessage } from './outgoing.message';
import type { OutgoingRepository } from './outgoing.repository';
import type { SendingBudget } from './sending.budget';

/** Requests that Telegram has not answered: as many may arrive together after a delay, and count as one burst. */
const REQUESTS_AT_ONCE = 8;
/** Chats whose next message is at hand, be it that it waits for its turn. */
const CHATS_AT_ONCE = 500;
/** Milliseconds between two looks, where nobody said that there is something new. */
const LOOK_MS = 1_000;
/** Milliseconds after which a message is given up that Telegram does not answer for, or has refused the token of. */
const AGE_MS_MAX = 24 * 3_600_000;
/** Added to what Telegram asks for, so that clocks that differ a little make no further refusal. */
const RETRY_MARGIN_MS = 250;

export interface SenderContext {
  bot_id: number;
  holder: string;
  signal: AbortSignal;
  /** Telegram asked for a pause of so many milliseconds. */
  onRefused: (chat_id: number, wait_ms: number) => Promise<void>;
}

/** Notes what became of a message. */
type Note = () => Promise<void>;

/**
 * Sends what stands in the outbox of one bot: in order within a chat, chats side by side. A message whose answer was
 * lost is sent again: it may be there twice, but it is there.
 */
export class Sender {
  private readonly busy = new Set<number>();
  private readonly underWay = new Set<Promise<void>>();
  private wake: () => void = () => undefined;
  private requests = 0;
  private readonly queued: (() => void)[] = [];

  constructor(
    private readonly api: BotApi,
    private readonly outgoing: OutgoingRepository,
    private readonly budget: SendingBudget,
    private readonly context: SenderContext,
    private readonly logger: Logger,
  ) {}

  /** There is something new. */
  look(): void {
    this.wake();
  }

  /** Runs until the signal; resolves once nothing is under way. */
  async run(): Promise<void> {
    const { bot_id, signal } = this.context;
    let failures = 0;
    while (!signal.aborted) {
      // Made before the look: what is added during it is not slept over.
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      try {
        const room = CHATS_AT_ONCE - this.busy.size;
        const messages = room > 0 ? await this.outgoing.next(bot_id, [...this.busy], room) : [];
        for (const message of messages) this.begin(message);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.logger.warn({ err: error, bot_id }, 'the outbox cannot be read; trying again');
      }
      await Promise.race([woken, pause(failures === 0 ? LOOK_MS : backoff(failures), signal)]);
    }
    await Promise.allSettled(this.underWay);
  }

  private begin(row: OutgoingEntity): void {
    this.busy.add(row.chat_id);
    const done = this.send(row)
      .catch((error: unknown) => {
        this.logger.warn({ err: error, bot_id: row.bot_id }, 'a message was not sent; trying again');
        return pause(LOOK_MS, this.context.signal);
      })
      .finally(() => {
        this.underWay.delete(done);
        this.busy.delete(row.chat_id);
        this.wake();
      });
    this.underWay.add(done);
  }

  private async send(row: OutgoingEntity): Promise<void> {
    if (!(await this.turn(row.chat_id))) return;
    try {
      await this.sendNow(row);
    } finally {
      this.requests -= 1;
      for (const goOn of this.queued.splice(0)) goOn();
    }
  }

  /** Resolves with true when the chat's turn has come and a request was taken. A chat that waits for it takes none. */
  private async turn(chat_id: number): Promise<boolean> {
    const { signal } = this.context;
    while (!signal.aborted) {
      if (this.requests >= REQUESTS_AT_ONCE) {
        await new Promise<void>((resolve) => this.queued.push(resolve));
        continue;
      }
      const wait = this.budget.take(chat_id);
      if (wait === 0) {
        this.requests += 1;
        return true;
      }
      await pause(wait, signal);
    }
    return false;
  }

  private async sendNow(row: OutgoingEntity): Promise<void> {
    const { id, message } = row;
    if (!message) return this.outgoing.refused(id, 'there is nothing to send');
    if (!(await this.outgoing.claim(id, this.context.holder))) return;
    const note = await this.traced(row, message).then(
      (message_id): Note =>
        () =>
          this.outgoing.sent(id, message_id),
      (error: unknown) => this.afterFailure(row, message, error),
    );
    await this.untilNoted(row, note);
  }

  /** It is known here alone until it is noted, and nothing more is sent to the chat before: it would be sent again. */
  private async untilNoted({ bot_id }: OutgoingEntity, note: Note): Promise<void> {
    const { signal } = this.context;
    for (let failures = 1; ; failures += 1) {
      try {
        return await note();
      } catch (error) {
        if (signal.aborted) throw error;
        this.logger.warn({ err: error, bot_id }, 'what became of a message was not noted; trying again');
        await pause(backoff(failures), signal);
      }
    }
  }

  private traced({ chat_id, traceparent }: OutgoingEntity, message: OutgoingMessage): Promise<number | null> {
    if (traceparent === null) return this.hand(chat_id, message);
    const span = { name: 'send_message', attributes: {}, is_client: true, parent: traceparent };
    return inSpan(span, () => this.hand(chat_id, message));
  }

  /** @returns the id of the message in the chat. */
  private async hand(chat_id: number, message: OutgoingMessage): Promise<number | null> {
    const { text, entities, topic_id, reply_to, keyboard, replaces } = message;
    const content = { chat_id, text, entities, link_preview_options: { is_disabled: true } };
    if (replaces !== null) {
      const inline = keyboard !== null && 'inline_keyboard' in keyboard ? { reply_markup: keyboard } : {};
      await this.api.call('editMessageText', { ...content, message_id: replaces, ...inline });
      return replaces;
    }
    const sent = await this.api.call('sendMessage', {
      ...content,
      ...(topic_id === 0 ? {} : { message_thread_id: topic_id }),
      ...(reply_to === null
        ? {}
        : { reply_parameters: { message_id: reply_to, allow_sending_without_reply: true } }),
      ...(keyboard === null ? {} : { reply_markup: keyboard }),
    });
    return sent.message_id;
  }

  private async afterFailure(row: OutgoingEntity, message: OutgoingMessage, error: unknown): Promise<Note> {
    // Whether Telegram has it is unknown.
    if (error instanceof BotApiSilence) return this.again(row, error.message);
    if (!(error instanceof BotApiRefusal)) throw error;
    const { id, chat_id } = row;
    if (error.code === 429) {
      const wait = (error.retry_after_s ?? 1) * 1_000 + RETRY_MARGIN_MS;
      await this.context.onRefused(chat_id, wait);
      return () => this.outgoing.later(id, wait);
    }
    const { migrated_to } = error;
    if (migrated_to !== null) return () => this.outgoing.later(id, 0, message, migrated_to);
    // It shows that already: the answer to an earlier attempt was lost.
    if (error.description.includes('message is not modified'))
      return () => this.outgoing.sent(id, message.replaces);
    if (message.replaces !== null && error.code === 400)
      return () => this.outgoing.later(id, 0, { ...message, replaces: null });
    if (message.entities.length > 0 && /entit/i.test(error.description))
      return () => this.outgoing.later(id, 0, { ...message, entities: [] });
    // The token is looked after elsewhere; a message is not to blame for it.
    if (error.isTokenRefused) return this.again(row, error.message);
    this.logger.info({ bot_id: row.bot_id, code: error.code }, 'Telegram does not take a message');
    return () => this.outgoing.refused(id, `${error.code}: ${error.description}`);
  }

  /** It is sent again, until it is a day old. */
  private again({ id, bot_id, created_at, attempts }: OutgoingEntity, reason: string): Note {
    if (Date.now() - created_at.getTime() <= AGE_MS_MAX)
      return () => this.outgoing.later(id, backoff(attempts));
    this.logger.warn({ bot_id, reason }, 'a message was given up');
    return () => this.outgoing.refused(id, `not sent within a day: ${reason}`);
  }
}
