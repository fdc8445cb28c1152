import type { InboxEntry } from '@roost/contracts';
import { isDeepStrictEqual } from 'node:util';

/** Messages one run joins at most. */
export const JOINED_MAX = 20;
/** Pauses a collection lasts at most, however many messages come. */
export const PAUSES_MAX = 10;

/** The messages that one run answers together, in order. */
export type Batch = [InboxEntry, ...InboxEntry[]];

const isOfSameUser = (one: InboxEntry, other: InboxEntry): boolean =>
  one.user_id === other.user_id && isDeepStrictEqual(one.user_data, other.user_data);

/** The one whose id the reply carries. */
export const lastOf = (batch: Batch): InboxEntry => batch.at(-1) ?? batch[0];

interface Waiting {
  message: InboxEntry;
  /** Milliseconds of this process. */
  arrived_at: number;
  /** Milliseconds without a further message that end a collection; null: answered alone; undefined: not known yet. */
  pause_ms: number | null | undefined;
  known: Promise<number | null>;
}

/** The messages of one thread that wait for their run. */
export class ThreadQueue {
  private readonly waiting: Waiting[] = [];
  private changed: () => void = () => undefined;

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  add(message: InboxEntry, pause: Promise<number | null>): void {
    // Whoever cannot be asked for its pause is answered alone: the run will say what is wrong.
    const entry: Waiting = {
      message,
      arrived_at: performance.now(),
      pause_ms: undefined,
      known: pause.catch(() => null).then((pause_ms) => (entry.pause_ms = pause_ms)),
    };
    this.waiting.push(entry);
    this.changed();
  }

  /** @returns the message when it was waiting. */
  remove(message_id: string): InboxEntry | undefined {
    const index = this.waiting.findIndex(({ message }) => message.message_id === message_id);
    const [removed] = index === -1 ? [] : this.waiting.splice(index, 1);
    this.changed();
    return removed?.message;
  }

  /** First in line again, joined as they were, with nothing to wait for. */
  putBack(messages: InboxEntry[]): void {
    const known = Promise.resolve(0);
    this.waiting.unshift(...messages.map((message) => ({ message, arrived_at: 0, pause_ms: 0, known })));
  }

  /** Resolves when the next run may begin, or nothing waits any more, or `closed` is aborted. */
  async whenDue(closed: AbortSignal): Promise<void> {
    for (let first = this.waiting[0]; first; first = this.waiting[0]) {
      const pause_ms = await first.known;
      if (first !== this.waiting[0]) continue;
      const last = this.waiting.at(-1);
      if (pause_ms === null || closed.aborted || !last || this.waiting.length >= JOINED_MAX) return;
      const due = Math.min(last.arrived_at + pause_ms, first.arrived_at + pause_ms * PAUSES_MAX);
      const wait_ms = due - performance.now();
      if (wait_ms <= 0) return;
      await this.whenChanged(wait_ms, closed);
    }
  }

  /** What the next run answers; null when nothing waits. */
  take(): Batch | null {
    const [first, ...others] = this.waiting;
    if (!first) return null;
    // A run has one user: what one asks is never done as another.
    const end = others.findIndex(
      ({ pause_ms, message }) => typeof pause_ms !== 'number' || !isOfSameUser(message, first.message),
    );
    const joined = typeof first.pause_ms === 'number' ? others.slice(0, end === -1 ? undefined : end) : [];
    const batch: Batch = [first.message, ...joined.slice(0, JOINED_MAX - 1).map(({ message }) => message)];
    this.waiting.splice(0, batch.length);
    return batch;
  }

  private async whenChanged(wait_ms: number, closed: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        closed.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, wait_ms);
      closed.addEventListener('abort', done);
      this.changed = done;
    });
  }
}
