import type { Redis } from 'ioredis';
import type { RawEntry } from './streams';

export interface ConsumerGroupOptions<Entry> {
  /** Of the stream. */
  key: string;
  group: string;
  /** Unique among the consumers of the group: what is delivered to it is its own until acknowledged. */
  consumer: string;
  parse: (raw: RawEntry[]) => { entries: Entry[]; rejected: string[] };
  /** Told of entries that do not fit the schema; they are acknowledged, never delivered. */
  onRejected: (entry_ids: string[]) => void;
}

/** Entries looked at for one that another member holds. */
const EARLIER_MAX = 100;

/**
 * Members that hold nothing are forgotten in the step that sees it: one that took an entry in between would lose it.
 * KEYS stream; ARGV group, who asks, milliseconds of silence.
 */
const FORGET = `
if redis.call('EXISTS', KEYS[1]) == 0 then return end
local members = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if members.err then return members end
for _, fields in ipairs(members) do
  local member = {}
  for i = 1, #fields, 2 do member[fields[i]] = fields[i + 1] end
  if member.name ~= ARGV[2] and member.pending == 0 and member.idle >= tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], member.name)
  end
end
`;

interface ForgetCommand {
  forgetSilentMembers(stream: string, group: string, consumer: string, idle_ms: number): Promise<null>;
}

/** One member of a stream's consumer group. Entries are delivered at least once, oldest first. */
export class ConsumerGroup<Entry> {
  private readonly key: string;
  private readonly group: string;
  private readonly consumer: string;

  constructor(
    private readonly commands: Redis,
    private readonly blocking: Redis | null,
    private readonly options: ConsumerGroupOptions<Entry>,
  ) {
    this.key = options.key;
    this.group = options.group;
    this.consumer = options.consumer;
    if ('forgetSilentMembers' in commands) return;
    commands.defineCommand('forgetSilentMembers', { numberOfKeys: 1, lua: FORGET });
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
  async read(count: number, block_ms: number | null = null): Promise<Entry[]> {
    const { key, group, consumer, blocking } = this;
    const reply = await this.withGroup(() =>
      blocking && block_ms !== null
        ? blocking.xreadgroup(
            'GROUP',
            group,
            consumer,
            'COUNT',
            count,
            'BLOCK',
            block_ms,
            'STREAMS',
            key,
            '>',
          )
        : this.commands.xreadgroup('GROUP', group, consumer, 'COUNT', count, 'STREAMS', key, '>'),
    );
    const streams = reply as [string, RawEntry[]][] | null;
    return this.accept(streams?.[0]?.[1] ?? []);
  }

  /** What was delivered to this member before and is not acknowledged, oldest first: nobody may be working on it. */
  async readAgain(count: number): Promise<Entry[]> {
    const { key, group, consumer } = this;
    const reply = (await this.withGroup(() =>
      this.commands.xreadgroup('GROUP', group, consumer, 'COUNT', count, 'STREAMS', key, '0'),
    )) as [string, RawEntry[]][] | null;
    return this.accept(reply?.[0]?.[1] ?? []);
  }

  /**
   * Claims up to `count` entries that members, this one too, left unacknowledged for `idle_ms`, oldest first. With
   * `idle_ms: 0` the caller must be the group's only living member.
   */
  async takeOver(idle_ms: number, count: number): Promise<Entry[]> {
    const claimed: RawEntry[] = [];
    let cursor = '0-0';
    do {
      const wanted = count - claimed.length;
      const reply = (await this.withGroup(() =>
        this.commands.xautoclaim(this.key, this.group, this.consumer, idle_ms, cursor, 'COUNT', wanted),
      )) as [string, (RawEntry | null)[]];
      cursor = reply[0];
      // Redis 6.2 returns null for what is not in the stream any more.
      claimed.push(...reply[1].filter((entry) => entry !== null));
    } while (cursor !== '0-0' && claimed.length < count);
    return this.accept(claimed);
  }

  /** Says that this member is still at work on entries it holds: nobody takes them over for another idle time. */
  async keep(...entry_ids: string[]): Promise<void> {
    if (entry_ids.length === 0) return;
    await this.withGroup(() =>
      this.commands.xclaim(this.key, this.group, this.consumer, 0, ...entry_ids, 'JUSTID'),
    );
  }

  /** Whether another member holds an entry that came before this one and has not acknowledged it. */
  async isOvertaking(entry_id: string): Promise<boolean> {
    const pending = (await this.withGroup(() =>
      this.commands.xpending(this.key, this.group, '-', `(${entry_id}`, EARLIER_MAX),
    )) as [string, string, number, number][];
    return pending.some(([, member]) => member !== this.consumer);
  }

  /** How often an entry was delivered that is not acknowledged yet; 0 when it is not pending. */
  async deliveries(entry_id: string): Promise<number> {
    const [pending] = await this.withGroup(() =>
      this.commands.xpending(this.key, this.group, entry_id, entry_id, 1),
    );
    return (pending as [string, string, number, number] | undefined)?.[3] ?? 0;
  }

  /**
   * Forgets other members that hold nothing, so that the group does not grow with every generation. For the group's
   * only living member: another one that took an entry meanwhile would lose it. Instances may run no scripts.
   */
  async forgetFormerMembers(): Promise<void> {
    const members = (await this.withGroup(() =>
      this.commands.xinfo('CONSUMERS', this.key, this.group),
    )) as unknown[][];
    for (const fields of members) {
      const member = Object.fromEntries(pairs(fields));
      if (member['name'] === this.consumer || member['pending'] !== 0) continue;
      await this.commands.xgroup('DELCONSUMER', this.key, this.group, String(member['name']));
    }
  }

  /** Forgets other members that hold nothing and were silent for `idle_ms`, so that the group does not grow for ever. */
  async forgetSilentMembers(idle_ms: number): Promise<void> {
    const commands = this.commands as Redis & ForgetCommand;
    await this.withGroup(() => commands.forgetSilentMembers(this.key, this.group, this.consumer, idle_ms));
  }

  /** Marks entries as dealt with and removes them from the stream. @returns how many nobody had marked before. */
  async acknowledge(...entry_ids: string[]): Promise<number> {
    if (entry_ids.length === 0) return 0;
    const results = await this.commands
      .multi()
      .xack(this.key, this.group, ...entry_ids)
      .xdel(this.key, ...entry_ids)
      .exec();
    return Number(results?.[0]?.[1] ?? 0);
  }

  private async accept(raw: RawEntry[]): Promise<Entry[]> {
    const { entries, rejected } = this.options.parse(raw);
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
      // Redis before 7.2 tells a reader that was waiting then `UNBLOCKED`.
      if (!(error instanceof Error) || !/^(NOGROUP|UNBLOCKED)/.test(error.message)) throw error;
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
