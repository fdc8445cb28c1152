import { type CommandService, keys } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { COMMAND_LIFE_MS_MAX, type CommandEntry } from './command.entry';

/** Entries a service's stream holds: what is handled leaves it, so these are waiting or under way. */
export const COMMANDS_MAX = 10_000;

/**
 * Appends, and drops what has outlived the longest life: nobody would handle it. A stream that is full refuses, since
 * MAXLEN would drop what nobody has handled yet. KEYS stream; ARGV json, longest life in ms, most entries.
 */
const APPEND = `
local id = redis.call('XADD', KEYS[1], '*', 'json', ARGV[1])
local now = tonumber(string.match(id, '^%d+'))
redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', math.max(0, now - tonumber(ARGV[2]))))
if redis.call('XLEN', KEYS[1]) > tonumber(ARGV[3]) then
  redis.call('XDEL', KEYS[1], id)
  return false
end
return id
`;

interface AppendCommand {
  appendCommand(stream: string, json: string, life_ms: number, most: number): Promise<string | null>;
}

/** The streams of commands as those see them who ask. */
export class CommandQueue {
  private readonly redis: Redis & AppendCommand;

  constructor(
    redis: Redis,
    private readonly most = COMMANDS_MAX,
  ) {
    if (!('appendCommand' in redis)) redis.defineCommand('appendCommand', { numberOfKeys: 1, lua: APPEND });
    this.redis = redis as Redis & AppendCommand;
  }

  /** Resolves with the entry's id, or with null when the stream is full: nothing was added then. */
  add(service: CommandService, entry: CommandEntry): Promise<string | null> {
    const json = JSON.stringify(entry);
    return this.redis.appendCommand(keys.commands(service), json, COMMAND_LIFE_MS_MAX, this.most);
  }

  /** Takes back what nobody waits for any more; a handler that is at work on it goes on. */
  async withdraw(service: CommandService, entry_id: string): Promise<void> {
    await this.redis.xdel(keys.commands(service), entry_id);
  }
}
