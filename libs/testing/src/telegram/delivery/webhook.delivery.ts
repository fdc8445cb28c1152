import type { BoundedList } from '../bounded.list';
import type { Json } from '../json';
import type { QueuedUpdate, UpdateQueue } from './update.queue';
import { findWebhook, postUpdate, type WebhookAnswer } from './webhook.request';

export interface WebhookSettings {
  url: string;
  secret_token: string;
  max_connections: number;
  has_custom_certificate: boolean;
}

export interface WebhookOptions {
  /** Before the third try, the second comes at once; doubled up to `longest_retry_ms`. Telegram begins with 2 s. */
  first_retry_ms: number;
  longest_retry_ms: number;
  /** How long an answer is waited for; Telegram waits a minute. */
  deadline_ms: number;
  /** Where a public address is found from here. Only loopback is called: elsewhere a host does not resolve. */
  find: (url: URL) => URL;
  /** Carries out the method that stands in an answer's body. Off: such an answer only confirms. */
  honour_replies: boolean;
}

export const usualWebhook: WebhookOptions = {
  first_retry_ms: 50,
  longest_retry_ms: 1_000,
  deadline_ms: 10_000,
  find: (url) => url,
  honour_replies: false,
};

/** One attempt to hand over an update. */
export interface WebhookAttempt {
  at: number;
  bot_id: number;
  update_id: number;
  /** From 1. */
  attempt: number;
  /** 0 where there was no answer. */
  status: number;
  error?: string;
  /** The method in the answer's body. */
  reply?: string;
}

/**
 * Hands a bot's updates to its webhook: at most `max_connections` at once, those of one chat one after the other, each
 * until it is answered with 2xx. As in telegram-bot-api/WebhookActor.cpp.
 */
export class WebhookDelivery {
  settings: WebhookSettings | null = null;
  last_error: { date: number; message: string } | null = null;
  /** Called with the method in an answer's body and its parameters. */
  onReply: (reply: Json) => void = () => undefined;
  private readonly calls = new Map<string, AbortController>();
  private readonly failures = new Map<string, { count: number; until: number }>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(
    private readonly bot_id: number,
    private readonly queue: UpdateQueue,
    private readonly options: WebhookOptions,
    private readonly clock: () => number,
    private readonly attempts: BoundedList<WebhookAttempt>,
  ) {}

  set(settings: WebhookSettings | null): void {
    this.settings = settings;
    this.last_error = null;
    this.failures.clear();
    this.look();
  }

  /** Sends what may be sent now. */
  look(): void {
    const { settings } = this;
    if (!settings || this.stopped) return;
    for (const entry of this.queue.waiting) {
      if (this.calls.size >= settings.max_connections) return;
      const line = lineOf(entry.update);
      const waits = (this.failures.get(line)?.until ?? 0) > performance.now();
      if (!waits && !this.calls.has(line)) void this.send(settings, line, entry);
    }
  }

  stop(): void {
    this.stopped = true;
    for (const call of this.calls.values()) call.abort();
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async send(settings: WebhookSettings, line: string, entry: QueuedUpdate): Promise<void> {
    const call = new AbortController();
    this.calls.set(line, call);
    const { update } = entry;
    const count = (this.failures.get(line)?.count ?? 0) + 1;
    const attempt = {
      at: this.clock(),
      bot_id: this.bot_id,
      update_id: update['update_id'] as number,
      attempt: count,
    };
    const place = findWebhook(settings.url, this.options.find);
    const answer: WebhookAnswer = place
      ? await postUpdate(place, settings.secret_token, update, call, this.options.deadline_ms)
      : {
          status: 0,
          error: 'Failed to resolve host: Name or service not known',
          retry_after: 0,
          reply: null,
        };
    this.calls.delete(line);
    if (this.stopped) return;
    const { status, error, reply } = answer;
    const method = reply?.['method'] as string | undefined;
    this.attempts.add({
      ...attempt,
      status,
      ...(error ? { error } : {}),
      ...(method ? { reply: method } : {}),
    });
    if (error) this.failed(line, count, error, answer.retry_after);
    else {
      this.failures.delete(line);
      this.queue.remove(entry);
      if (reply && this.options.honour_replies) this.onReply(reply);
    }
    this.look();
  }

  private failed(line: string, count: number, message: string, retry_after: number): void {
    this.last_error = { date: Math.floor(this.clock() / 1_000), message };
    const { first_retry_ms, longest_retry_ms } = this.options;
    const usual = count === 1 ? 0 : Math.min(longest_retry_ms, first_retry_ms * 2 ** (count - 2));
    const pause = retry_after * 1_000 || usual;
    this.failures.set(line, { count, until: performance.now() + pause });
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.look();
    }, pause + 1);
    this.timers.add(timer);
  }
}

/** Updates of one chat wait for each other. */
function lineOf(update: Json): string {
  const [, content] = Object.entries(update).find(([key]) => key !== 'update_id') ?? [];
  const { chat, message, from } = (content ?? {}) as Json;
  return String(chat?.id ?? message?.chat?.id ?? from?.id ?? 'others');
}
