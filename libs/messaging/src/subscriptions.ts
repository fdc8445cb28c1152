import type { Redis } from 'ioredis';

/** Receives what was published on a channel, or on one that fits a pattern. */
export type ChannelListener = (message: string, channel: string) => void;

/** Milliseconds between two looks whether the connection still carries anything. */
const PING_MS = 10_000;

/**
 * Channels and who listens to them, over one connection. When the connection was lost, all channels are subscribed
 * anew, and then {@link onRestored} tells that what was published in between may have been missed.
 */
export class Subscriptions {
  private readonly listeners = new Map<string, Set<ChannelListener>>();
  private readonly restoredListeners = new Set<() => void>();
  private readonly pinging: NodeJS.Timeout;
  private wasReady = false;

  /** `onError` hears of listeners that threw: one of them harms no other. */
  constructor(
    private readonly connection: Redis,
    private readonly onError: (error: Error) => void,
  ) {
    connection.on('message', (channel, message) => this.dispatch(channel, channel, message));
    connection.on('pmessage', (pattern, channel, message) => this.dispatch(pattern, channel, message));
    connection.on('ready', () => this.restore());
    this.pinging = setInterval(() => this.ping(), PING_MS).unref();
  }

  /** Resolves once the subscription stands; call the result to end it. Rejects when Redis does not answer in time. */
  async listen(channel: string, listener: ChannelListener): Promise<() => void> {
    const set = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, set);
    set.add(listener);
    const unlisten = (): void => this.remove(channel, set, listener);
    try {
      // Also for a second listener: it resolves only after the first one's subscription stands.
      await this.subscribe(channel);
    } catch (error) {
      unlisten();
      throw error;
    }
    return unlisten;
  }

  /**
   * As {@link listen}, also while Redis is away: the subscription then stands once it is back, and
   * {@link onRestored} tells so.
   */
  keepListening(channel: string, listener: ChannelListener): () => void {
    const set = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, set);
    set.add(listener);
    this.subscribe(channel).catch(() => {
      // From here on the first connection is one that came back.
      this.wasReady = true;
      if (this.connection.status === 'ready') this.connection.disconnect(true);
    });
    return () => this.remove(channel, set, listener);
  }

  onRestored(listener: () => void): () => void {
    this.restoredListeners.add(listener);
    return () => this.restoredListeners.delete(listener);
  }

  close(): void {
    clearInterval(this.pinging);
  }

  private remove(channel: string, set: Set<ChannelListener>, listener: ChannelListener): void {
    set.delete(listener);
    if (set.size > 0 || this.listeners.get(channel) !== set) return;
    this.listeners.delete(channel);
    if (this.connection.status !== 'ready') return;
    const ended = channel.includes('*')
      ? this.connection.punsubscribe(channel)
      : this.connection.unsubscribe(channel);
    ended.catch(() => undefined); // A lost connection has ended it already.
  }

  private async subscribe(channel: string): Promise<void> {
    await (channel.includes('*') ? this.connection.psubscribe(channel) : this.connection.subscribe(channel));
  }

  private restore(): void {
    if (!this.wasReady) {
      this.wasReady = true;
      return;
    }
    Promise.all([...this.listeners.keys()].map((channel) => this.subscribe(channel))).then(
      () => this.tellRestored(),
      () => this.connection.disconnect(true),
    );
  }

  private tellRestored(): void {
    for (const listener of this.restoredListeners) this.guarded(listener);
  }

  private ping(): void {
    if (this.connection.status !== 'ready') return;
    this.connection.ping().catch(() => this.connection.disconnect(true));
  }

  private dispatch(subscription: string, channel: string, message: string): void {
    for (const listener of this.listeners.get(subscription) ?? [])
      this.guarded(() => listener(message, channel));
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
