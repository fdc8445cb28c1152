import type { Json } from './json';
import type { TelegramBot } from './telegram.bot';

/** How Telegram, or the way to it, fails a request. */
export type TelegramFault =
  /** Refuses it and does nothing. */
  | { kind: 'error'; code: number; description: string; parameters?: Json }
  /** Does what is asked, and cuts the connection instead of answering. */
  | { kind: 'lost_answer' }
  /** Cuts the connection before it does anything. */
  | { kind: 'reset' }
  /** Does nothing and never answers, until the caller leaves or {@link TelegramFaults.heal} is called. */
  | { kind: 'hang' };

export interface FaultTarget {
  /** How many requests it meets; 1 when absent. */
  times?: number;
  bot?: TelegramBot;
  where?: (params: Json) => boolean;
}

interface Planned extends FaultTarget {
  method: string;
  fault: TelegramFault;
  left: number;
}

/** What goes wrong, when a test says so. */
export class TelegramFaults {
  private planned: Planned[] = [];
  private hanging = new Set<() => void>();

  /** The next request of `method` (or of any: `*`) meets the fault; earlier plans come first. */
  next(method: string, fault: TelegramFault, target: FaultTarget = {}): void {
    this.planned.push({ method, fault, ...target, left: target.times ?? 1 });
  }

  /** The next `times` updates of the bot come twice. */
  duplicateUpdates(bot: TelegramBot, times = 1): void {
    bot.queue.duplicateNext(times);
  }

  /** The bot's next `count` updates are kept back until all are there, and then come last one first. */
  reorderUpdates(bot: TelegramBot, count: number): void {
    bot.queue.reverseNext(count);
  }

  /** Forgets what is planned, and cuts what hangs. */
  heal(): void {
    this.planned = [];
    for (const cut of this.hanging) cut();
    this.hanging.clear();
  }

  take(method: string, bot: TelegramBot, params: Json): TelegramFault | undefined {
    const found = this.planned.find(
      (plan) =>
        (plan.method === '*' || plan.method === method) &&
        (!plan.bot || plan.bot === bot) &&
        (plan.where?.(params) ?? true),
    );
    if (found && --found.left === 0) this.planned = this.planned.filter((plan) => plan !== found);
    return found?.fault;
  }

  hang(cut: () => void): void {
    this.hanging.add(cut);
  }
}
