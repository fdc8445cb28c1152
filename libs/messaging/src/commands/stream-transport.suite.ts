import { type IntegrationStatus, keys } from '@roost/contracts';
import { sharedStack } from '@roost/devstack';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { CommandContext } from './command.context';
import { CommandClient } from './command.client';
import { StreamTransportServer, type StreamTransportServerOptions } from './stream-transport.server';

export const STREAM = keys.commands('telegram');

export const statusOf = (
  agent_id: string,
  state: IntegrationStatus['state'] = 'running',
): IntegrationStatus => ({
  agent_id,
  type: 'telegram',
  desired: 'started',
  state,
  bot_username: 'roost_bot',
  mode: 'polling',
  last_update_at: null,
  backlog: 0,
  last_error: null,
});

type Handlers = Record<string, (data: any, context: CommandContext) => unknown>;

/** A Redis of the file's own, emptied before each test, and what is started on it. */
export class TransportStage {
  url = '';
  raw!: Redis;
  readonly errors: Error[] = [];
  readonly rejected: { entry_ids: string[]; reason: string }[] = [];
  private readonly open: { close(): Promise<void> }[] = [];

  constructor() {
    let stop: () => Promise<void>;
    beforeAll(async () => {
      const redis = await (await sharedStack()).startRedis();
      this.url = redis.url;
      this.raw = new Redis(redis.url);
      stop = () => redis.stop();
    });
    afterEach(async () => {
      await Promise.all(this.open.splice(0).map((opened) => opened.close()));
      await this.raw.flushall();
      this.errors.length = 0;
      this.rejected.length = 0;
    });
    afterAll(async () => {
      this.raw.disconnect();
      await stop();
    });
  }

  strategy(options: Partial<StreamTransportServerOptions> = {}): StreamTransportServer {
    return new StreamTransportServer({
      redis: { url: this.url, name: 'gateway' },
      service: 'telegram',
      drain_ms: 2_000,
      onError: (error) => this.errors.push(error),
      onRejected: (entry_ids, reason) => this.rejected.push({ entry_ids, reason }),
      ...options,
    });
  }

  /** A replica; handlers of `agents.*` are for events. */
  replica(handlers: Handlers, options: Partial<StreamTransportServerOptions> = {}): StreamTransportServer {
    const server = this.strategy(options);
    for (const [pattern, handler] of Object.entries(handlers))
      server.addHandler(pattern, handler as never, pattern.startsWith('agents.'));
    server.listen(() => undefined);
    this.open.push(server);
    return server;
  }

  client(commands_max?: number): CommandClient {
    const client = new CommandClient({
      redis: { url: this.url, name: 'manager' },
      onError: (error) => this.errors.push(error),
      ...(commands_max === undefined ? {} : { commands_max }),
    });
    this.open.push(client);
    return client;
  }

  /** Puts an entry into the stream by hand. */
  add(json: string): Promise<string | null> {
    return this.raw.xadd(STREAM, '*', 'json', json);
  }
}

/** A promise and how to settle it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
