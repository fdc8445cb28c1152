import { INBOX_GROUP, InboxEntry, keys } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { parseEntries, type RawEntry, type StreamEntry } from './streams';

/** Entries read, or put back, in one step. */
const BATCH = 200;

/** Appends, unless the mark is gone. KEYS inbox, mark; ARGV json. */
const APPEND = `
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('XADD', KEYS[1], '*', 'json', ARGV[1])
return 1
`;

/**
 * Removes entries and appends others in one step, so that no reader sees what is in between. An entry that a reader
 * has taken is removed only when there is none any more. KEYS inbox, mark; ARGV group, "1" when nobody reads,
 * "1" when this completes the inbox, number of ids, ids, then payloads.
 */
const FILL = `
local removed = tonumber(ARGV[4])
redis.call('DEL', KEYS[2])
for i = 5, 4 + removed do
  local ok, pending = pcall(redis.call, 'XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)
  local taken = ok and #pending > 0
  if taken and ARGV[2] == '1' then redis.call('XACK', KEYS[1], ARGV[1], ARGV[i]) end
  if not taken or ARGV[2] == '1' then redis.call('XDEL', KEYS[1], ARGV[i]) end
end
for i = 5 + removed, #ARGV do redis.call('XADD', KEYS[1], '*', 'json', ARGV[i]) end
if ARGV[3] == '1' then redis.call('SET', KEYS[2], '1') end
`;

interface InboxCommands {
  appendToInbox(inbox: string, mark: string, json: string): Promise<number>;
  fillInbox(inbox: string, mark: string, ...args: (string | number)[]): Promise<null>;
}

/** Agents' inboxes as managers see them. A mark beside each says that Redis has not forgotten what was in it. */
export class Inboxes {
  private readonly redis: Redis & InboxCommands;

  constructor(redis: Redis) {
    if (!('appendToInbox' in redis)) redis.defineCommand('appendToInbox', { numberOfKeys: 2, lua: APPEND });
    if (!('fillInbox' in redis)) redis.defineCommand('fillInbox', { numberOfKeys: 2, lua: FILL });
    this.redis = redis as Redis & InboxCommands;
  }

  /**
   * Appends an entry. False, and nothing is appended, when Redis does not know the inbox: what else is owed comes
   * first then, with {@link fill}.
   */
  async append(agent_id: string, entry: InboxEntry): Promise<boolean> {
    const json = JSON.stringify(InboxEntry.parse(entry));
    return (await this.redis.appendToInbox(...this.places(agent_id), json)) === 1;
  }

  /** Everything that stands in the inbox, taken by a reader or not, oldest first. */
  async entries(agent_id: string): Promise<StreamEntry<InboxEntry>[]> {
    const found: StreamEntry<InboxEntry>[] = [];
    for (let from = '-'; ;) {
      const page = (await this.redis.xrange(keys.inbox(agent_id), from, '+', 'COUNT', BATCH)) as RawEntry[];
      found.push(...parseEntries('inbox', page).entries);
      const last = page.at(-1);
      if (!last || page.length < BATCH) return found;
      from = `(${last[0]}`;
    }
  }

  /**
   * Removes entries, then appends others in order, and from then on lets {@link append} add to the inbox. With
   * `reader: 'may read'` an entry that was taken stays where it is.
   */
  async fill(
    agent_id: string,
    removed_ids: string[],
    added: InboxEntry[],
    reader: 'may read' | 'none',
  ): Promise<void> {
    const payloads = added.map((entry) => JSON.stringify(InboxEntry.parse(entry)));
    const batches = Math.max(1, Math.ceil(Math.max(removed_ids.length, payloads.length) / BATCH));
    for (let batch = 0; batch < batches; batch += 1) {
      const slice = (items: string[]): string[] => items.slice(batch * BATCH, (batch + 1) * BATCH);
      const ids = slice(removed_ids);
      await this.redis.fillInbox(
        ...this.places(agent_id),
        INBOX_GROUP,
        reader === 'none' ? '1' : '0',
        batch === batches - 1 ? '1' : '0',
        ids.length,
        ...ids,
        ...slice(payloads),
      );
    }
  }

  async forget(agent_id: string): Promise<void> {
    await this.redis.del(...this.places(agent_id));
  }

  private places(agent_id: string): [inbox: string, mark: string] {
    return [keys.inbox(agent_id), keys.inboxMark(agent_id)];
  }
}
