import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { commandContract, type CommandService, ServiceError } from '@roost/contracts';
import { finalize, lastValueFrom } from 'rxjs';
import type { RedisTarget } from '../connection';
import { CommandContext } from './command.context';
import type { TakenCommand } from './command.entry';
import { refusal } from './command.outcome';
import { CommandWorker, type Handled } from './command.worker';

/** Commands one replica handles at once unless said otherwise. */
export const COMMANDS_AT_ONCE = 16;
/** Milliseconds a close waits for what is under way unless said otherwise. */
export const DRAIN_MS = 10_000;

export interface StreamTransportServerOptions {
  redis: RedisTarget;
  /** Whose commands these are: all replicas of the service share them. */
  service: CommandService;
  concurrency?: number;
  drain_ms?: number;
  /** Hears of lost connections and of handlers that failed with anything but a `ServiceError`. */
  onError: (error: Error) => void;
  /** Told of entries that fit no command; they are acknowledged, and reach no handler. */
  onRejected: (entry_ids: string[], reason: string) => void;
}

/**
 * Nest's server for commands over Redis streams: `app.connectMicroservice({ strategy })`, with handlers by
 * {@link HandlesCommand} and {@link HandlesEvent} (or `@MessagePattern`, `@EventPattern` and the
 * {@link CommandErrorFilter}).
 *
 * Each command is handled by one replica. One that died while it was at work, or whose answer could not be sent, has
 * its command handled again by another, so **handlers must be idempotent**. What has passed its deadline is not begun.
 */
export class StreamTransportServer extends Server implements CustomTransportStrategy {
  /** Nest then leaves the failures of event handlers to this class, which has them called again. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly worker: CommandWorker;

  constructor(private readonly options: StreamTransportServerOptions) {
    super();
    const { redis, service, onError, onRejected } = options;
    this.worker = new CommandWorker({
      redis,
      service,
      concurrency: options.concurrency ?? COMMANDS_AT_ONCE,
      handle: (command, signal) => this.handle(command, signal),
      onError,
      onRejected: (entry_ids) => onRejected(entry_ids, 'not an entry of this transport'),
    });
  }

  /** Takes commands from now on, also when Redis comes only later. */
  listen(callback: () => void): void {
    this.worker.start();
    callback();
  }

  /** Takes nothing more and waits for what is under way, at most `drain_ms`; the rest is left to other replicas. */
  close(): Promise<void> {
    return this.worker.stop(this.options.drain_ms ?? DRAIN_MS);
  }

  on(): never {
    throw new Error('The transport has no events to listen to: give it `onError`.');
  }

  unwrap(): never {
    throw new Error('The transport shows its connections to nobody: use what @roost/messaging offers.');
  }

  /** Never rejects. */
  private async handle(command: TakenCommand, signal: AbortSignal): Promise<Handled> {
    const { pattern, entry_id, reply_to } = command;
    const { service, onError, onRejected } = this.options;
    const contract = commandContract(pattern);
    const handler = contract?.service === service ? this.getHandlerByPattern(pattern) : null;
    if (!contract || !handler) {
      onRejected([entry_id], `no handler for ${pattern}`);
      return refusal(new ServiceError('dependency_unavailable', unknownTo(service, pattern)));
    }
    const request = contract.request.safeParse(command.data);
    if (!request.success) {
      onRejected([entry_id], `does not fit ${pattern}`);
      return refusal(new ServiceError('validation_failed', `The request does not fit ${pattern}.`));
    }
    try {
      const answer = await this.call(handler, request.data, new CommandContext([command, signal]));
      return { type: 'answered', answer: contract.answer?.parse(answer) };
    } catch (error) {
      if (reply_to === null || !(error instanceof ServiceError)) onError(failureOf(pattern, error));
      return reply_to === null ? 'again' : refusal(error);
    }
  }

  private call(handler: MessageHandler, data: unknown, context: CommandContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.runWithProcessingHooks(context, async (end) => {
        try {
          const result = this.transformToObservable(await handler(data, context)).pipe(finalize(end));
          resolve(await lastValueFrom(result, { defaultValue: undefined }));
        } catch (error) {
          end();
          reject(error instanceof Error ? error : new Error('Not an error was thrown.', { cause: error }));
        }
      });
    });
  }
}

const unknownTo = (service: CommandService, pattern: string): string =>
  `${service} does not know the command ${pattern}: bring it to the release of whoever asks.`;

/** Nest's own filters make a plain object of what was thrown. */
const failureOf = (pattern: string, error: unknown): Error =>
  new Error(`The handler of ${pattern} failed.`, { cause: error });
