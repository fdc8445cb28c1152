import { BaseRpcContext } from '@nestjs/microservices';
import type { TakenCommand } from './command.entry';

/** What a handler is given with `@Ctx()`. */
export class CommandContext extends BaseRpcContext<[TakenCommand, AbortSignal]> {
  get pattern(): string {
    return this.args[0].pattern;
  }

  /** Milliseconds of the Unix epoch, by the clock of Redis, after which nobody waits. */
  get deadline(): number {
    return this.args[0].deadline;
  }

  /** Aborted at the deadline, and when the service does not wait any longer while it shuts down. */
  get signal(): AbortSignal {
    return this.args[1];
  }
}
