import { Injectable } from '@nestjs/common';
import { BoundedLabel, DURATION_BUCKETS_S, MetricsRegistry } from '@roost/service-kit/metrics';
import { Counter, Histogram } from 'prom-client';

/** Outcomes that keep their names: ours, and the codes of the manager's errors. */
const OUTCOMES_MAX = 100;

export type ApiOutcome = 'ok' | 'rate_limited' | 'refused' | 'silent';

/** What one gateway has done since it started. */
@Injectable()
export class GatewayMetrics {
  private readonly outcomes = new BoundedLabel(OUTCOMES_MAX);
  private readonly received: Counter<'mode'>;
  private readonly ended: Counter<'outcome'>;
  private readonly messages: Counter<'outcome'>;
  private readonly calls: Counter<'method' | 'outcome'>;
  private readonly replies: Histogram;

  constructor({ registry }: MetricsRegistry) {
    const registers = [registry];
    this.received = new Counter({
      name: 'roost_telegram_updates_received_total',
      help: 'Updates committed, repeats left out, by how they came (polling, webhook)',
      labelNames: ['mode'],
      registers,
    });
    this.ended = new Counter({
      name: 'roost_telegram_updates_ended_total',
      help: 'Updates dealt with, by what became of them: answered, ignored, a command, or the code of an error',
      labelNames: ['outcome'],
      registers,
    });
    this.messages = new Counter({
      name: 'roost_telegram_messages_total',
      help: 'Messages handed to Telegram, by outcome: sent, refused for good, or retried later',
      labelNames: ['outcome'],
      registers,
    });
    this.calls = new Counter({
      name: 'roost_telegram_api_calls_total',
      help: 'Calls of the Bot API, by method and outcome: ok, rate_limited (429), refused, silent (no answer, or 5xx)',
      labelNames: ['method', 'outcome'],
      registers,
    });
    this.replies = new Histogram({
      name: 'roost_telegram_reply_seconds',
      help: 'From a message of a user being committed to Telegram having taken the beginning of its final answer',
      buckets: DURATION_BUCKETS_S,
      registers,
    });
  }

  updatesReceived(mode: 'polling' | 'webhook', count: number): void {
    this.received.inc({ mode }, count);
  }

  updateEnded(outcome: string): void {
    this.ended.inc({ outcome: this.outcomes.of(outcome) });
  }

  /** `reply_s` seconds after its update came, where it begins the answer to a message. */
  messageSent(reply_s: number | null): void {
    this.messages.inc({ outcome: 'sent' });
    if (reply_s !== null) this.replies.observe(reply_s);
  }

  messageRefused(): void {
    this.messages.inc({ outcome: 'refused' });
  }

  messageRetried(): void {
    this.messages.inc({ outcome: 'retried' });
  }

  apiCalled(method: string, outcome: ApiOutcome): void {
    this.calls.inc({ method, outcome });
  }
}
