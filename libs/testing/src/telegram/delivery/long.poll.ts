import type { Json } from '../json';
import { conflict, type TelegramRefusal } from '../telegram.refusal';
import type { UpdateQueue } from './update.queue';

const LONGEST_SECONDS = 50;

interface OpenPoll {
  look: () => void;
  end: (refusal: TelegramRefusal) => void;
}

export interface PollRequest {
  offset: number;
  limit: number;
  timeout: number;
  /** Fires when the caller has gone. */
  gone: AbortSignal;
}

/** The one getUpdates a bot may have open: a second one ends the first. */
export class LongPoll {
  private open: OpenPoll | null = null;

  constructor(private readonly queue: UpdateQueue) {}

  get isOpen(): boolean {
    return this.open !== null;
  }

  async updates({ offset, limit, timeout, gone }: PollRequest): Promise<Json[]> {
    this.end(
      conflict('terminated by other getUpdates request; make sure that only one bot instance is running'),
    );
    this.queue.confirm(offset);
    const ready = this.first(limit);
    if (ready.length > 0 || timeout <= 0) return ready;
    return this.wait(limit, Math.min(timeout, LONGEST_SECONDS) * 1_000, gone);
  }

  look(): void {
    this.open?.look();
  }

  end(refusal: TelegramRefusal): void {
    this.open?.end(refusal);
  }

  private wait(limit: number, ms: number, gone: AbortSignal): Promise<Json[]> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', left);
        if (this.open === poll) this.open = null;
      };
      const timer = setTimeout(() => {
        settle();
        resolve([]);
      }, ms);
      const left = (): void => {
        settle();
        resolve([]);
      };
      const poll: OpenPoll = {
        look: () => {
          const ready = this.first(limit);
          if (ready.length === 0) return;
          settle();
          resolve(ready);
        },
        end: (refusal) => {
          settle();
          reject(refusal);
        },
      };
      gone.addEventListener('abort', left);
      this.open = poll;
    });
  }

  private first(limit: number): Json[] {
    return this.queue.waiting.slice(0, limit).map(({ update }) => update);
  }
}
