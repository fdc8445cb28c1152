import type { CommandAnswer, CommandEventName, CommandName, CommandRequest } from '@roost/contracts';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import type { CommandCallsOptions } from './command.calls';
import { CommandRecord, StreamTransportClient } from './stream-transport.client';

/** Asks other services and tells them, by the map of commands. One for each process; close it at the end. */
export class CommandClient {
  private readonly proxy: StreamTransportClient;

  constructor(options: CommandCallsOptions) {
    this.proxy = new StreamTransportClient(options);
  }

  /**
   * Asks the service and resolves with its answer. One replica handles the request; when none is up it waits for one
   * until `wait_ms` (milliseconds, by default 10,000) have passed. After that it is not begun any more, but a handler
   * may be at work on it still. A request that a replica left behind when it died is handled again by another, so
   * asking twice must do no harm.
   * @throws {ServiceError} with the code the handler gave; `dependency_unavailable` when nobody has answered in time,
   * Redis is away or too much waits already; `internal_error` when the handler failed otherwise; `shutting_down`
   * after {@link close}.
   */
  request<Name extends CommandName>(
    name: Name,
    request: CommandRequest<Name>,
    { wait_ms }: { wait_ms?: number } = {},
  ): Promise<CommandAnswer<Name>> {
    return firstValueFrom(this.proxy.send<CommandAnswer<Name>>(name, new CommandRecord(request, wait_ms)));
  }

  /**
   * Tells the service. Resolves once the event stands in its stream; one replica handles it, at least once, in no
   * promised order, unless none has managed within `life_ms` (milliseconds, by default 300,000). Redis may be
   * flushed: what must not be missed is also read when a service starts.
   * @throws {ServiceError} `dependency_unavailable` when Redis is away or too much waits already.
   */
  async announce<Name extends CommandEventName>(
    name: Name,
    event: CommandRequest<Name>,
    { life_ms }: { life_ms?: number } = {},
  ): Promise<void> {
    await lastValueFrom(this.proxy.emit(name, new CommandRecord(event, life_ms)));
  }

  /** Refuses whoever waits with `shutting_down`, then cuts the connections. */
  close(): Promise<void> {
    return this.proxy.close();
  }
}
