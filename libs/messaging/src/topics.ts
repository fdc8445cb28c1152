import { AgentStatusEvent, CancelRuns, CredentialRevoked, ThreadForgotten, topics } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { type LoggedEvent, parseLoggedEvent } from './event-log';
import type { Subscriptions } from './subscriptions';

/** Every topic whose payload is JSON of its own; a thread's topic is written by the event log. */
export interface TopicPayloads {
  agentStatus: AgentStatusEvent;
  credentialRevoked: CredentialRevoked;
}

/** Publish and subscribe. Delivery is at most once: what must not be missed is read from PostgreSQL or a stream. */
export class Topics {
  constructor(
    private readonly commands: Redis,
    private readonly subscriptions: Subscriptions,
  ) {}

  async publishAgentStatus(event: AgentStatusEvent): Promise<void> {
    await this.commands.publish(
      topics.agentStatus(event.agent_id),
      JSON.stringify(AgentStatusEvent.parse(event)),
    );
  }

  async publishCredentialRevoked(event: CredentialRevoked): Promise<void> {
    await this.commands.publish(topics.credentialRevoked, JSON.stringify(CredentialRevoked.parse(event)));
  }

  /** Tells the agent's instance that these messages are not to be answered any more. */
  async publishCancel(agent_id: string, event: CancelRuns): Promise<void> {
    await this.commands.publish(topics.control(agent_id), JSON.stringify(CancelRuns.parse(event)));
  }

  /** For the agent's own instance. Resolves once the subscription stands; call the result to end it. */
  onCancel(agent_id: string, listener: (event: CancelRuns) => void): Promise<() => void> {
    return this.subscriptions.listen(topics.control(agent_id), (message) => {
      listener(CancelRuns.parse(JSON.parse(message)));
    });
  }

  /** Tells the agent's instance that the memory of a thread was erased. */
  async publishForgotten(agent_id: string, event: ThreadForgotten): Promise<void> {
    await this.commands.publish(topics.forgotten(agent_id), JSON.stringify(ThreadForgotten.parse(event)));
  }

  /** For the agent's own instance. What was missed is not repeated: see {@link onRestored}. */
  onForgotten(agent_id: string, listener: (event: ThreadForgotten) => void): Promise<() => void> {
    return this.subscriptions.listen(topics.forgotten(agent_id), (message) => {
      listener(ThreadForgotten.parse(JSON.parse(message)));
    });
  }

  /** Resolves once the subscription stands; call the result to end it. */
  onAgentStatus(agent_id: string, listener: (event: AgentStatusEvent) => void): Promise<() => void> {
    return this.subscriptions.listen(topics.agentStatus(agent_id), (message) => {
      listener(AgentStatusEvent.parse(JSON.parse(message)));
    });
  }

  onThread(agent_id: string, thread_id: string, listener: (event: LoggedEvent) => void): Promise<() => void> {
    return this.subscriptions.listen(topics.thread(agent_id, thread_id), (message) => {
      listener(parseLoggedEvent(message));
    });
  }

  /** Also while Redis is away; call the result to end it. */
  onCredentialRevoked(listener: (event: CredentialRevoked) => void): () => void {
    return this.subscriptions.keepListening(topics.credentialRevoked, (message) => {
      listener(CredentialRevoked.parse(JSON.parse(message)));
    });
  }

  /** Some agent, named to the listener, has reports waiting. Also while Redis is away. */
  onReportsReady(listener: (agent_id: string) => void): () => void {
    return this.subscriptions.keepListening(topics.anyReportsReady, (_message, channel) => {
      const agent_id = channel.split(':')[2];
      if (agent_id) listener(agent_id);
    });
  }

  /** The connection was lost, or not there at first, and all subscriptions stand again: what was published in between was missed. */
  onRestored(listener: () => void): () => void {
    return this.subscriptions.onRestored(listener);
  }
}
