import type { Redis } from 'ioredis';
import {
  parseEntries,
  type RawEntry,
  streamChannels,
  type StreamEntry,
  type StreamName,
  type StreamPayloads,
} from './streams';

export interface StreamConsumerOptions<Name extends StreamName> {
  name: Name;
  agent_id: string;
  /** Unique among the consumers of the group: what is delivered to it is its own until acknowledged. */
  consumer: string;
  /** Told of entries that do not fit the schema; they are acknowledged, never delivered. */
  onRejected: (entry_ids: string[]) => void;
}

/** Entries looked at for one that another member holds. */
const EARLIER_MAX = 100;

/** One member of a stream's consumer group. Entries are delivered at least once, oldest first. */
export class StreamConsumer<Name extends StreamName> {
  private readonly key: string;
  private readonly group: string;

  constructor(
    private readonly commands: Redis,
    private readonly blocking: Redis | null,
    private readonly options: StreamConsumerOptions<Name>,
  ) {
    const channel = streamChannels[options.name];
    this.key = channel.key(options.agent_id);
    this.group = channel.group;
  }

  /** Creates the group when it is missing, reading from the stream's beginning. */
  async join(): Promise<void> {
    try {
      await this.commands.xgroup('CREATE', this.key, this.group, '0', 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('BUSYGROUP')) throw error;
    }
  }

  /** New entries, at most `count`; waits up to `block_ms` for the first when the consumer may block. */
  async read(count: number, block_ms: number | null = null): Promise<StreamEntry<StreamPayloads[Name]>[]> {
    const { consumer } = this.options;
    const reply = await this.withGroup(() =>
      this.blocking && block_ms !== null
        ? this.blocking.xreadgroup(
            'GROUP',
            this.group,
            consumer,
            'COUNT',
            count,
            'BLOCK',
            block_ms,
            'STREAMS',
            this.key,
            '>',
          )
        : this.commands.xreadgroup('GROUP', this.group, consumer, 'COUNT', count, 'STREAMS', this.key, '>'),
    );
    const streams = reply as [string, RawEntry[]][] | null;
    return this.accept(streams?.[0]?.[1] ?? []);
  }

  /** What was delivered to this member before and is not acknowledged, oldest first: nobody may be working on it. */
  async readAgain(count: number): Promise<StreamEntry<StreamPayloads[Name]>[]> {
    const { consumer } = this.options;
    const reply = (await this.withGroup(() =>
      this.commands.xreadgroup('GROUP', this.group, consumer, 'COUNT', count, 'STREAMS', this.key, '0'),
    )) as [string, RawEntry[]][] | null;
    return this.accept(reply?.[0]?.[1] ?? []);
  }

  /**
   * Claims up to `count` entries that other members left unacknowledged for `idle_ms`, oldest first. With
   * `idle_ms: 0` the caller must be the group's only living member.
   */
  async takeOver(idle_ms: number, count: number): Promise<StreamEntry<StreamPayloads[Name]>[]> {
    const claimed: RawEntry[] = [];
    let cursor = '0-0';
    do {
      const reply = (await this.withGroup(() =>
        this.commands.xautoclaim(
          this.key,
          this.group,
          this.options.consumer,
          idle_ms,
          cursor,
          'COUNT',
          count,
        ),
      )) as [string, RawEntry[]];
      cursor = reply[0];
      claimed.push(...reply[1]);
    } while (cursor !== '0-0' && claimed.length < count);
    return this.accept(claimed);
  }

  /** Whether another member holds an entry that came before this one and has not acknowledged it. */
  async isOvertaking(entry_id: string): Promise<boolean> {
    const pending = (await this.withGroup(() =>
      this.commands.xpending(this.key, this.group, '-', `(${entry_id}`, EARLIER_MAX),
    )) as [string, string, number, number][];
    return pending.some(([, member]) => member !== this.options.consumer);
  }

  /** How often an entry was delivered that is not acknowledged yet; 0 when it is not pending. */
  async deliveries(entry_id: string): Promise<number> {
    const [pending] = await this.withGroup(() =>
      this.commands.xpending(this.key, this.group, entry_id, entry_id, 1),
    );
    return (pending as [string, string, number, number] | undefined)?.[3] ?? 0;
  }

  /** Forgets other members that hold nothing, so that the group does not grow with every generation. */
  async forgetIdleMembers(): Promise<void> {
    const members = (await this.withGroup(() =>
      this.commands.xinfo('CONSUMERS', this.key, this.group),
    )) as unknown[][];
    for (const fields of members) {
      const member = Object.fromEntries(pairs(fields));
      if (member['name'] === this.options.consumer || member['pending'] !== 0) continue;
      await this.commands.xgroup('DELCONSUMER', this.key, this.group, String(member['name']));
    }
  }

  /** Marks entries as dealt with and removes them from the stream. */
  async acknowledge(...entry_ids: string[]): Promise<void> {
    if (entry_ids.length === 0) return;
    await this.commands
      .multi()
      .xack(this.key, this.group, ...entry_ids)
      .xdel(this.key, ...entry_ids)
      .exec();
  }

  private async accept(raw: RawEntry[]): Promise<StreamEntry<StreamPayloads[Name]>[]> {
    const { entries, rejected } = parseEntries(this.options.name, raw);
    if (rejected.length > 0) {
      await this.acknowledge(...rejected);
      this.options.onRejected(rejected);
    }
    return entries;
  }

  /** A flushed Redis has forgotten the group: make it again and ask once more. */
  private async withGroup<Reply>(command: () => Promise<Reply>): Promise<Reply> {
    try {
      return await command();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOGROUP')) throw error;
      await this.join();
      return command();
    }
  }
}

function pairs(fields: unknown[]): [string, unknown][] {
  return fields.flatMap((name, index) =>
    index % 2 === 0 ? [[String(name), fields[index + 1]] as [string, unknown]] : [],
  );
}
