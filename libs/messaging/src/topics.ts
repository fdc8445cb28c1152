import { AgentStatusEvent, CredentialRevoked, topics } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { type LoggedEvent, parseLoggedEvent } from './event-log';

/** Every topic whose payload is JSON of its own; a thread's topic is written by the event log. */
export interface TopicPayloads {
  agentStatus: AgentStatusEvent;
  credentialRevoked: CredentialRevoked;
}

type Listener = (message: string, channel: string) => void;

/** Publish and subscribe. Delivery is at most once: what must not be missed is read from PostgreSQL or a stream. */
export class Topics {
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(
    private readonly commands: Redis,
    private readonly subscriber: Redis,
  ) {
    subscriber.on('message', (channel, message) => this.dispatch(channel, channel, message));
    subscriber.on('pmessage', (pattern, channel, message) => this.dispatch(pattern, channel, message));
  }

  async publishAgentStatus(event: AgentStatusEvent): Promise<void> {
    await this.commands.publish(
      topics.agentStatus(event.agent_id),
      JSON.stringify(AgentStatusEvent.parse(event)),
    );
  }

  async publishCredentialRevoked(event: CredentialRevoked): Promise<void> {
    await this.commands.publish(topics.credentialRevoked, JSON.stringify(CredentialRevoked.parse(event)));
  }

  /** Resolves once the subscription stands; call the result to end it. */
  onAgentStatus(agent_id: string, listener: (event: AgentStatusEvent) => void): Promise<() => void> {
    return this.listen(topics.agentStatus(agent_id), (message) => {
      listener(AgentStatusEvent.parse(JSON.parse(message)));
    });
  }

  onThread(agent_id: string, thread_id: string, listener: (event: LoggedEvent) => void): Promise<() => void> {
    return this.listen(topics.thread(agent_id, thread_id), (message) => {
      listener(parseLoggedEvent(message));
    });
  }

  onCredentialRevoked(listener: (event: CredentialRevoked) => void): Promise<() => void> {
    return this.listen(topics.credentialRevoked, (message) => {
      listener(CredentialRevoked.parse(JSON.parse(message)));
    });
  }

  /** Some agent, named to the listener, has reports waiting. */
  onReportsReady(listener: (agent_id: string) => void): Promise<() => void> {
    return this.listen(topics.anyReportsReady, (_message, channel) => {
      const agent_id = channel.split(':')[2];
      if (agent_id) listener(agent_id);
    });
  }

  private async listen(channel: string, listener: Listener): Promise<() => void> {
    const pattern = channel.includes('*');
    let set = this.listeners.get(channel);
    if (!set) {
      set = new Set();
      this.listeners.set(channel, set);
    }
    set.add(listener);
    // Also for a second listener: it resolves only after the first one's subscription stands.
    await (pattern ? this.subscriber.psubscribe(channel) : this.subscriber.subscribe(channel));
    return () => {
      set.delete(listener);
      if (set.size > 0 || this.listeners.get(channel) !== set) return;
      this.listeners.delete(channel);
      const ended = pattern ? this.subscriber.punsubscribe(channel) : this.subscriber.unsubscribe(channel);
      ended.catch(() => undefined); // A lost connection has ended it already.
    };
  }

  private dispatch(subscription: string, channel: string, message: string): void {
    for (const listener of this.listeners.get(subscription) ?? []) listener(message, channel);
  }
}
