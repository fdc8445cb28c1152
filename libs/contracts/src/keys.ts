/**
 * Every Redis key and channel name, built here and nowhere else. All keys of an agent begin with
 * {@link agentPrefix}, so that one ACL pattern fences an instance into its own agent.
 */
export const agentPrefix = (agent_id: string): string => `roost:agent:${agent_id}`;

export const keys = {
  /** Stream of accepted messages an agent has not answered yet. */
  inbox: (agent_id: string) => `${agentPrefix(agent_id)}:inbox`,
  /** Says that the inbox is whole: a Redis that was emptied has lost it, too. */
  inboxMark: (agent_id: string) => `${agentPrefix(agent_id)}:inbox-mark`,
  /** Stream of what instances report back: finals and failures. */
  reports: (agent_id: string) => `${agentPrefix(agent_id)}:reports`,
  /** Live state of the one current instance; expires when it stops beating. */
  heartbeat: (agent_id: string) => `${agentPrefix(agent_id)}:heartbeat`,
  /** Stream of the frames of one thread. */
  eventLog: (agent_id: string, thread_id: string) => `${agentPrefix(agent_id)}:thread:${thread_id}:log`,
  /** Names one life of a thread's log; a new one says that entries were lost. */
  eventLogEpoch: (agent_id: string, thread_id: string) =>
    `${agentPrefix(agent_id)}:thread:${thread_id}:epoch`,
  /** Stands while a message that was cancelled must not be streamed any more. */
  endedRun: (agent_id: string, thread_id: string, message_id: string) =>
    `${agentPrefix(agent_id)}:thread:${thread_id}:ended:${message_id}`,
  /** List of at most one entry: what a member of the warm pool becomes. */
  poolAssignment: (instance_id: string) => `roost:pool:${instance_id}:assignment`,
  /** Stream of what the replicas of a service are asked and told, and have not handled yet. */
  commands: (service: string) => `roost:commands:${service}`,
  /** Stream of the answers to what one process asked; it expires after the last. */
  replies: (client_id: string) => `roost:replies:${client_id}`,
  limit: (name: string) => `roost:limit:${name}`,
};

export const topics = {
  thread: (agent_id: string, thread_id: string) => `${agentPrefix(agent_id)}:thread:${thread_id}:live`,
  agentStatus: (agent_id: string) => `${agentPrefix(agent_id)}:status`,
  /** What the agent's instance is told: cancel. */
  control: (agent_id: string) => `${agentPrefix(agent_id)}:control`,
  /** A thread whose memory was erased, for the agent's instance, which keeps some of it at hand. */
  forgotten: (agent_id: string) => `${agentPrefix(agent_id)}:forgotten`,
  /** What the agent's instance is asked to call for somebody who tries a tool. */
  toolTest: (agent_id: string) => `${agentPrefix(agent_id)}:tool-test`,
  /** The answer to one such request. */
  toolTested: (agent_id: string, request_id: string) => `${agentPrefix(agent_id)}:tool-tested:${request_id}`,
  reportsReady: (agent_id: string) => `${agentPrefix(agent_id)}:reports-ready`,
  anyReportsReady: 'roost:agent:*:reports-ready',
  credentialRevoked: 'roost:credential-revoked',
};

/** The consumer group of runner instances on an inbox. */
export const INBOX_GROUP = 'runner';
/** The consumer group of managers on a stream of reports. */
export const REPORTS_GROUP = 'manager';
/** The consumer group of a service's replicas on the stream of its commands. */
export const COMMANDS_GROUP = 'service';

/** The Redis user of one instance. */
export const instanceUser = (instance_id: string): string => `roost-${instance_id}`;
/** The Redis user of an instance while it waits in the warm pool. */
export const poolUser = (instance_id: string): string => `roost-pool-${instance_id}`;
/** The instance that a Redis user belongs to, at work or in the pool; null when it is another's user. */
export const instanceOfUser = (user: string): string | null =>
  /^roost-(?:pool-)?(inst-.+)$/.exec(user)?.[1] ?? null;
