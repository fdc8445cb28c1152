import { keys } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { blockingConnection, reconnectDelay, type RedisTarget } from '../connection';
import { parseJson, type RawEntry } from '../streams';
import { CommandReply } from './command.entry';

const BLOCK_MS = 5_000;
/** Replies read at once. */
const BATCH = 100;

/** Reads the replies to one client, on a connection of its own; goes on by itself after Redis was away. */
export class ReplyReader {
  private readonly blocking: Redis;
  private readonly key: string;
  private readonly stopped = new AbortController();
  private isReading = false;
  /** The stream is this client's alone, so all that is in it is for this reader. */
  private last = '0-0';

  constructor(
    redis: RedisTarget,
    client_id: string,
    private readonly onReply: (reply: CommandReply) => void,
    private readonly onError: (error: Error) => void,
  ) {
    this.key = keys.replies(client_id);
    this.blocking = blockingConnection(redis, BLOCK_MS);
    this.blocking.on('error', onError);
  }

  /** Reads until {@link stop}; called again, nothing changes. */
  start(): void {
    if (this.isReading) return;
    this.isReading = true;
    void this.read();
  }

  stop(): void {
    this.stopped.abort();
    this.blocking.disconnect();
  }

  private async read(): Promise<void> {
    for (let failures = 0; !this.isStopped();) {
      try {
        for (const [id, fields] of await this.next()) {
          this.last = id;
          this.take(parseJson(fields?.[1]));
        }
        failures = 0;
      } catch (error) {
        if (this.isStopped()) return;
        this.onError(error instanceof Error ? error : new Error(String(error)));
        failures += 1;
        const { signal } = this.stopped;
        await pause(reconnectDelay(failures), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private isStopped(): boolean {
    return this.stopped.signal.aborted;
  }

  private async next(): Promise<RawEntry[]> {
    const reply = await this.blocking.xread(
      'COUNT',
      BATCH,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      this.key,
      this.last,
    );
    return reply?.[0]?.[1] ?? [];
  }

  private take(json: unknown): void {
    const reply = CommandReply.safeParse(json);
    if (reply.success) this.onReply(reply.data);
    else this.onError(new Error(`An entry of ${this.key} is no reply and was passed over.`));
  }
}
