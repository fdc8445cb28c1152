import type { CommandService } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pTimeout from 'p-timeout';
import { blockingConnection, commandConnection, reconnectDelay, type RedisTarget } from '../connection';
import type { CommandOutcome, TakenCommand } from './command.entry';
import { CommandGroup } from './command.group';

/**
 * Milliseconds after which a command is taken over from a replica that does not say any more that it is at work on
 * it. A replica that stood still for so long and goes on does the same work a second time.
 */
export const TAKEOVER_IDLE_MS = 5_000;
/** Milliseconds between two words that what is under way still is. */
const KEEP_MS = TAKEOVER_IDLE_MS / 4;
/** Milliseconds between two looks for what others left behind, at least; at most half as many again. */
const LOOK_MS = 1_500;
/** Milliseconds one read waits for commands, and so the least that a stop takes while none come. */
const BLOCK_MS = 1_000;
/** Milliseconds of silence after which a replica that holds nothing is forgotten. */
const FORGET_MS = 60 * 60_000;

/** `again`: it is left where it is, and taken over after {@link TAKEOVER_IDLE_MS} by whoever comes first. */
export type Handled = CommandOutcome | 'again';

export interface CommandWorkerOptions {
  redis: RedisTarget;
  service: CommandService;
  /** Commands handled at once. */
  concurrency: number;
  /** Never rejects. The signal is aborted at the command's deadline, and when a stop does not wait any longer. */
  handle: (command: TakenCommand, signal: AbortSignal) => Promise<Handled>;
  onError: (error: Error) => void;
  onRejected: (entry_ids: string[]) => void;
}

/** Takes a service's commands as fast as they can be handled. */
export class CommandWorker {
  private readonly commands: Redis;
  private readonly blocking: Redis;
  private readonly group: CommandGroup;
  private readonly underWay = new Map<string, { done: Promise<void>; ends: AbortController }>();
  private readonly stopping = new AbortController();
  private keeping: NodeJS.Timeout | undefined;
  private reading: Promise<void> = Promise.resolve();
  private lookAt = 0;
  private isClosed = false;

  constructor(private readonly options: CommandWorkerOptions) {
    this.commands = this.watched(commandConnection(options.redis));
    this.blocking = this.watched(blockingConnection(options.redis, BLOCK_MS));
    const consumer = `${options.redis.name}-${randomBytes(8).toString('hex')}`;
    this.group = new CommandGroup(
      this.commands,
      this.blocking,
      options.service,
      consumer,
      options.onRejected,
    );
  }

  /** Reads until {@link stop}, also while Redis is away: it goes on when it is back. */
  start(): void {
    this.keeping = setInterval(() => void this.keep(), KEEP_MS).unref();
    this.reading = this.read();
  }

  /**
   * Takes nothing more and waits, at most `drain_ms`, for what is under way. What is not done then is told by its
   * signal and left to other replicas.
   */
  async stop(drain_ms: number): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort();
    const drained = this.reading.then(() => this.everythingUnderWay());
    await pTimeout(drained, { milliseconds: drain_ms, fallback: () => undefined });
    this.isClosed = true;
    clearInterval(this.keeping);
    for (const { ends } of this.underWay.values()) ends.abort(new Error('The service is shutting down.'));
    this.commands.disconnect();
    this.blocking.disconnect();
  }

  private async everythingUnderWay(): Promise<void> {
    await Promise.all([...this.underWay.values()].map(({ done }) => done));
  }

  private async read(): Promise<void> {
    let isNew = true;
    for (let failures = 0; !this.stopping.signal.aborted;) {
      try {
        if (isNew) await this.group.forgetSilentMembers(FORGET_MS);
        isNew = false;
        await this.whenFree();
        await this.take(await this.next());
        failures = 0;
      } catch (error) {
        this.report(error);
        failures += 1;
        const { signal } = this.stopping;
        await pause(reconnectDelay(failures), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private get free(): number {
    return this.options.concurrency - this.underWay.size;
  }

  private async whenFree(): Promise<void> {
    while (this.free <= 0) await Promise.race([...this.underWay.values()].map(({ done }) => done));
  }

  private async next(): Promise<TakenCommand[]> {
    if (performance.now() >= this.lookAt) {
      this.lookAt = performance.now() + LOOK_MS * (1 + Math.random() / 2);
      const left = await this.group.takeOver(TAKEOVER_IDLE_MS, this.free);
      // Redis may have been away for so long that this replica's own seem to be left behind.
      const taken = left.filter(({ entry_id }) => !this.underWay.has(entry_id));
      if (taken.length > 0) return taken;
    }
    return this.group.read(this.free, BLOCK_MS);
  }

  private async take(taken: TakenCommand[]): Promise<void> {
    if (taken.length === 0) return;
    const now = await this.group.now();
    await this.group.acknowledge(
      ...taken.filter(({ deadline }) => deadline <= now).map(({ entry_id }) => entry_id),
    );
    for (const command of taken) if (command.deadline > now) this.begin(command, command.deadline - now);
  }

  private begin(command: TakenCommand, left_ms: number): void {
    const ends = new AbortController();
    const done = this.work(command, left_ms, ends)
      .catch((error: unknown) => this.report(error))
      .finally(() => this.underWay.delete(command.entry_id));
    this.underWay.set(command.entry_id, { done, ends });
  }

  /** An answer that cannot be sent is forgotten: the request is taken over, and handled again, before its deadline. */
  private async work(command: TakenCommand, left_ms: number, ends: AbortController): Promise<void> {
    const handled = await pTimeout(this.options.handle(command, ends.signal), {
      milliseconds: left_ms,
      fallback: () => 'late' as const,
    });
    if (this.isClosed || handled === 'again') return;
    if (handled !== 'late') return this.group.reply(command, handled);
    ends.abort(new Error('Nobody waits for this any more.'));
    this.report(
      new Error(`The handler of ${command.pattern} did not end by its deadline; it should heed its signal.`),
    );
    await this.group.acknowledge(command.entry_id);
  }

  private async keep(): Promise<void> {
    await this.group.keep(...this.underWay.keys()).catch((error: unknown) => this.report(error));
  }

  private watched(connection: Redis): Redis {
    connection.on('error', this.options.onError);
    return connection;
  }

  private report(error: unknown): void {
    if (this.isClosed) return;
    this.options.onError(error instanceof Error ? error : new Error(String(error)));
  }
}
