import {
  commandContract,
  type CommandEventName,
  type CommandName,
  commands,
  type CommandService,
  keys,
  newClientId,
  newRequestId,
  ServiceError,
} from '@roost/contracts';
import type { Redis } from 'ioredis';
import pTimeout from 'p-timeout';
import { commandConnection, type RedisTarget } from '../connection';
import { CommandEntry, type CommandOutcome } from './command.entry';
import { answerOf } from './command.outcome';
import { CommandQueue } from './command.queue';
import { ReplyReader } from './reply.reader';

/** Requests of one client that wait for their answer; more are refused. Its stream of replies holds them all. */
export const CALLS_MAX = 1_000;

export interface CommandCallsOptions {
  redis: RedisTarget;
  /** Hears of lost connections and of what could not be read. */
  onError: (error: Error) => void;
  /** Entries a service's stream holds before it refuses; `COMMANDS_MAX` unless a test says otherwise. */
  commands_max?: number;
}

/** The asking side of commands: one stream of replies, and who waits for which of them. */
export class CommandCalls {
  private readonly client_id = newClientId();
  private readonly redis: Redis;
  private readonly queue: CommandQueue;
  private readonly replies: ReplyReader;
  private readonly waiting = new Map<string, (outcome: CommandOutcome) => void>();
  private isClosed = false;

  constructor(private readonly options: CommandCallsOptions) {
    this.redis = commandConnection(options.redis);
    this.redis.on('error', options.onError);
    this.queue = new CommandQueue(this.redis, options.commands_max);
    this.replies = new ReplyReader(
      options.redis,
      this.client_id,
      ({ request_id, outcome }) => this.waiting.get(request_id)?.(outcome),
      options.onError,
    );
  }

  /** See `CommandClient.request`. */
  async request(
    pattern: CommandName,
    data: unknown,
    wait_ms: number,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const { service, request } = commands[pattern];
    const checked: unknown = request.parse(data);
    this.refuseMore(service);
    this.replies.start();
    const request_id = newRequestId();
    const answered = new Promise<CommandOutcome>((resolve) => this.waiting.set(request_id, resolve));
    const reply_to = { client_id: this.client_id, request_id };
    const added = this.add(service, { pattern, data: checked, life_ms: wait_ms, reply_to });
    try {
      const outcome = await pTimeout(
        added.then(() => answered),
        {
          milliseconds: wait_ms,
          message: silent(service, pattern, wait_ms),
          ...(signal === undefined ? {} : { signal }),
        },
      );
      return answerOf(pattern, outcome);
    } catch (error) {
      // Nobody waits for it any more; what was taken already is out of reach.
      added.then((entry_id) => this.queue.withdraw(service, entry_id)).catch(() => undefined);
      throw error;
    } finally {
      this.waiting.delete(request_id);
    }
  }

  /** See `CommandClient.announce`. */
  async announce(pattern: CommandEventName, data: unknown, life_ms: number): Promise<void> {
    const { service, request } = commands[pattern];
    await this.add(service, { pattern, data: request.parse(data), life_ms, reply_to: null });
  }

  /** Whoever waits is refused with `shutting_down`. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.replies.stop();
    for (const settle of this.waiting.values()) settle(closing);
    if (this.redis.status === 'ready')
      await this.redis.del(keys.replies(this.client_id)).catch(() => undefined);
    this.redis.disconnect();
  }

  private refuseMore(service: CommandService): void {
    if (this.isClosed) throw new ServiceError('shutting_down', closing.detail);
    if (this.waiting.size < CALLS_MAX) return;
    throw new ServiceError(
      'dependency_unavailable',
      `${CALLS_MAX} requests wait for their answer already; see whether ${service} keeps up, and try again.`,
    );
  }

  /** @throws {ServiceError} `dependency_unavailable` when Redis is away or the service's stream is full. */
  private async add(service: CommandService, entry: CommandEntry): Promise<string> {
    const checked = CommandEntry.parse(entry);
    let entry_id: string | null;
    try {
      entry_id = await this.queue.add(service, checked);
    } catch (error) {
      this.options.onError(error instanceof Error ? error : new Error(String(error)));
      throw new ServiceError(
        'dependency_unavailable',
        `${service} could not be reached: Redis does not answer. Try again when it does; asking twice does no harm.`,
      );
    }
    if (entry_id !== null) return entry_id;
    throw new ServiceError(
      'dependency_unavailable',
      `Too much waits for ${service}: see that it runs and keeps up, and try again.`,
    );
  }
}

const closing = {
  type: 'refused',
  code: 'shutting_down',
  detail: 'This process is shutting down; ask another one.',
} as const satisfies CommandOutcome;

const silent = (service: CommandService, pattern: CommandName, wait_ms: number): ServiceError =>
  new ServiceError(
    'dependency_unavailable',
    `${service} has not answered ${pattern} within ${wait_ms / 1_000} s: see that it runs and reaches Redis, and try again.`,
  );

/** @throws {Error} when the pattern is not one that is answered (`kind: 'request'`) or not an event. */
export function knownPattern(pattern: unknown, kind: 'request'): CommandName;
export function knownPattern(pattern: unknown, kind: 'event'): CommandEventName;
export function knownPattern(pattern: unknown, kind: 'request' | 'event'): CommandName | CommandEventName {
  const contract = typeof pattern === 'string' ? commandContract(pattern) : null;
  if (contract && (contract.answer === null) === (kind === 'event')) return pattern as CommandName;
  throw new Error(
    `${JSON.stringify(pattern)} is no ${kind} of the map of commands: add it to libs/contracts.`,
  );
}
