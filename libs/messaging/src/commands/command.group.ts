import { COMMANDS_GROUP, type CommandService, keys } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { ConsumerGroup } from '../consumer-group';
import {
  COMMAND_LIFE_MS_MAX,
  type CommandOutcome,
  type CommandReply,
  parseCommands,
  type TakenCommand,
} from './command.entry';

/**
 * Replies a client's stream keeps, at least; Redis trims whole nodes. More than may be waited for, so that none is
 * dropped before it was read.
 */
const REPLIES_MAX = 2_000;

/** One replica among those that take a service's commands. */
export class CommandGroup extends ConsumerGroup<TakenCommand> {
  private readonly stream: string;

  constructor(
    private readonly redis: Redis,
    blocking: Redis,
    service: CommandService,
    consumer: string,
    onRejected: (entry_ids: string[]) => void,
  ) {
    const key = keys.commands(service);
    super(redis, blocking, { key, group: COMMANDS_GROUP, consumer, parse: parseCommands, onRejected });
    this.stream = key;
  }

  /** Milliseconds of the Unix epoch, by the clock of Redis, which all replicas share. */
  async now(): Promise<number> {
    const [seconds, microseconds] = await this.redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }

  /** Puts the answer into the client's stream and the request out of the service's, in one step. */
  async reply(command: TakenCommand, outcome: CommandOutcome): Promise<void> {
    const { entry_id, reply_to } = command;
    if (reply_to === null) {
      await this.acknowledge(entry_id);
      return;
    }
    const replies = keys.replies(reply_to.client_id);
    const json = JSON.stringify({ request_id: reply_to.request_id, outcome } satisfies CommandReply);
    const results = await this.redis
      .multi()
      .xadd(replies, 'MAXLEN', '~', REPLIES_MAX, '*', 'json', json)
      .pexpire(replies, COMMAND_LIFE_MS_MAX)
      .xack(this.stream, COMMANDS_GROUP, entry_id)
      .xdel(this.stream, entry_id)
      .exec();
    const failed = results?.find(([error]) => error)?.[0];
    if (failed) throw failed;
  }
}
