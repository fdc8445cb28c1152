import type { Json } from '../json';

export interface QueuedUpdate {
  update: Json;
  queued_at: number;
}

/** As telegram-bot-api has it in td/db/TQueue.cpp. */
const FUTURE = 10;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A bot's updates until they are confirmed; after 24 hours Telegram forgets them. */
export class UpdateQueue {
  /** Called when something has come. */
  onPush: () => void = () => undefined;
  private queued: QueuedUpdate[] = [];
  private copies = 0;
  private held: QueuedUpdate[] = [];
  private holding = 0;

  constructor(
    private readonly clock: () => number,
    private readonly limit: number,
  ) {}

  /** What waits, oldest first. */
  get waiting(): readonly QueuedUpdate[] {
    const oldest = this.clock() - DAY_MS;
    if ((this.queued[0]?.queued_at ?? oldest) < oldest)
      this.queued = this.queued.filter(({ queued_at }) => queued_at >= oldest);
    return this.queued;
  }

  push(update: Json): void {
    if (this.waiting.length >= this.limit)
      throw new Error(
        `${this.limit} updates wait for a bot that takes none: let it poll, or raise queue_limit`,
      );
    const entry = { update, queued_at: this.clock() };
    if (this.holding > 0) this.held.push(entry);
    else this.enqueue(entry);
    if (this.holding > 0 && this.held.length === this.holding) this.letGo();
  }

  /** The next `times` updates come twice. */
  duplicateNext(times: number): void {
    this.copies += times;
  }

  /** The next `count` updates are kept back until all are there, and then come in reverse order. */
  reverseNext(count: number): void {
    this.letGo();
    this.holding = count;
  }

  /**
   * Forgets what has a smaller id; with a negative offset all but that many at the end. An offset from the future
   * confirms nothing: after a quiet week the ids may begin lower than they were.
   */
  confirm(offset: number): void {
    const newest = Math.max(...this.waiting.map(({ update }) => update['update_id'] as number));
    if (offset > newest + FUTURE) return;
    if (offset < 0) this.queued = this.waiting.slice(offset);
    else this.queued = this.waiting.filter(({ update }) => (update['update_id'] as number) >= offset);
  }

  remove(entry: QueuedUpdate): void {
    this.queued = this.queued.filter((one) => one !== entry);
  }

  clear(): void {
    this.queued = [];
    this.held = [];
  }

  private enqueue(entry: QueuedUpdate): void {
    this.queued.push(entry);
    if (this.copies > 0) {
      this.copies--;
      this.queued.push({ ...entry });
    }
    this.onPush();
  }

  private letGo(): void {
    this.holding = 0;
    for (const entry of this.held.splice(0).reverse()) this.enqueue(entry);
  }
}
