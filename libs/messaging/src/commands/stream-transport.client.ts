import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { CommandCalls, type CommandCallsOptions, knownPattern } from './command.calls';

/** Milliseconds a request waits for its answer unless it says otherwise. */
export const REQUEST_WAIT_MS = 10_000;
/** Milliseconds an event waits to be handled unless it says otherwise. */
export const EVENT_LIFE_MS = 5 * 60_000;

/** Data for `send` and `emit` that has a deadline of its own: milliseconds, at most `COMMAND_LIFE_MS_MAX`. */
export class CommandRecord {
  constructor(
    readonly data: unknown,
    readonly life_ms: number | undefined,
  ) {}
}

/**
 * Nest's client for commands over Redis streams; {@link CommandClient} is its typed face. Patterns are those of the
 * map of commands in `@roost/contracts`; any other is refused.
 */
export class StreamTransportClient extends ClientProxy {
  private readonly calls: CommandCalls;

  constructor(options: CommandCallsOptions) {
    super();
    this.calls = new CommandCalls(options);
  }

  /** Connections are opened on first use and come back by themselves. */
  async connect(): Promise<void> {
    // Nothing to wait for: a Redis that is away is told to whoever asks.
  }

  /** Refuses whoever waits with `shutting_down`, then cuts the connections. */
  close(): Promise<void> {
    return this.calls.close();
  }

  unwrap(): never {
    throw new Error('The transport shows its connections to nobody: use what @roost/messaging offers.');
  }

  protected publish(packet: ReadPacket<unknown>, callback: (packet: WritePacket) => void): () => void {
    const pattern = knownPattern(packet.pattern, 'request');
    const { data, life_ms = REQUEST_WAIT_MS } = recordOf(packet.data);
    const unsubscribed = new AbortController();
    this.calls.request(pattern, data, life_ms, unsubscribed.signal).then(
      (response) => callback({ response, isDisposed: true }),
      (err: unknown) => callback({ err }),
    );
    return () => unsubscribed.abort();
  }

  protected dispatchEvent<Result>(packet: ReadPacket<unknown>): Promise<Result> {
    const pattern = knownPattern(packet.pattern, 'event');
    const { data, life_ms = EVENT_LIFE_MS } = recordOf(packet.data);
    return this.calls.announce(pattern, data, life_ms) as Promise<Result>;
  }
}

const recordOf = (data: unknown): CommandRecord =>
  data instanceof CommandRecord ? data : new CommandRecord(data, undefined);
