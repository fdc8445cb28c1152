import type { InboxEntry } from '@roost/contracts';
import { BLOCK_MS_MAX, type StreamConsumer, type StreamEntry } from '@roost/messaging';
import type { Logger } from 'pino';
import { setTimeout as pause } from 'node:timers/promises';
import { withBackoff } from '../lifecycle/backoff';
import { ExitError } from '../lifecycle/exit.codes';
import type { Fence } from '../lifecycle/fence';
import type { ThreadScheduler } from './thread.scheduler';

const JOIN_DEADLINE_MS = 60_000;
/** Milliseconds between attempts while Redis is away, at most. */
const PAUSE_MAX_MS = 5_000;

/** Takes messages from the agent's inbox as fast as they can be answered. */
export class InboxReader {
  private readonly stopped = new AbortController();

  constructor(
    private readonly consumer: StreamConsumer<'inbox'>,
    private readonly scheduler: ThreadScheduler,
    private readonly fence: Fence,
    private readonly logger: Logger,
  ) {}

  /**
   * Joins the group and takes what a former instance left behind. Nobody else can be working on that: the
   * former one's Redis user was deleted before this instance was made.
   * @throws {ExitError} when Redis does not answer.
   */
  async join(): Promise<void> {
    const attempt = async (): Promise<void> => {
      await this.consumer.join();
      await this.takeOver();
      await this.consumer.forgetFormerMembers();
    };
    try {
      await withBackoff(attempt, {
        deadline_ms: JOIN_DEADLINE_MS,
        signal: this.stopped.signal,
        isRetryable: () => !this.fence.isRaised,
        onFailure: (error) => this.fence.inspect(error),
      });
    } catch (error) {
      throw new ExitError('unavailable', 'The inbox could not be joined; check REDIS_URL.', { cause: error });
    }
  }

  /** Reads until {@link stop}. */
  async read(): Promise<void> {
    let failures = 0;
    let mayHaveLost = true;
    while (!this.stopped.signal.aborted && !this.fence.isRaised) {
      try {
        await this.scheduler.whenFree();
        // A read whose answer got lost has delivered entries that nobody works on.
        if (mayHaveLost) mayHaveLost = await this.takeOver();
        else this.take(await this.consumer.read(this.scheduler.free, BLOCK_MS_MAX));
        failures = 0;
      } catch (error) {
        this.fence.inspect(error);
        if (this.isStopped()) return;
        mayHaveLost = true;
        failures += 1;
        this.logger.warn({ err: error }, 'the inbox cannot be read, trying again');
        await this.pause(failures);
      }
    }
  }

  stop(): void {
    this.stopped.abort();
  }

  /** Claims pending entries, those under way among them; true when there may be more than fit. */
  private async takeOver(): Promise<boolean> {
    const count = this.scheduler.free + this.scheduler.message_ids.length;
    const entries = await this.consumer.takeOver(0, count);
    // A former instance may have remembered the message before it ended.
    this.take(entries.map(({ id, payload }) => ({ id, payload: { ...payload, opens_thread: false } })));
    return entries.length >= count;
  }

  private take(entries: StreamEntry<InboxEntry>[]): void {
    // What arrives after the stop stays pending for the next instance.
    if (this.isStopped()) return;
    for (const entry of entries) this.scheduler.take(entry);
  }

  private isStopped(): boolean {
    return this.stopped.signal.aborted;
  }

  private async pause(failures: number): Promise<void> {
    const ceiling = Math.min(PAUSE_MAX_MS, 100 * 2 ** failures);
    await pause(ceiling * (0.5 + Math.random() / 2), undefined, { signal: this.stopped.signal }).catch(
      () => undefined,
    );
  }
}
