import { setTimeout as pause } from 'node:timers/promises';
import type { Installation } from '../manager/installation';
import { CrowdMember, type CrowdProtocol, crowdProtocols } from './crowd.member';
import type { Random } from './random';

export interface CrowdOptions {
  agents: string[];
  /** Threads on each agent, side by side. */
  threads: number;
  /** Messages on each thread, one after another. */
  messages: number;
  random: Random;
  /** Milliseconds between two messages of a thread, at most. */
  pauseMs: number;
  protocols?: readonly CrowdProtocol[];
  /** Milliseconds until a message must be acknowledged. Default 90 s: everything may be restarting. */
  deadlineMs?: number;
  /** Called as each message is acknowledged. */
  onAccepted?: (message_id: string) => void;
}

export interface CrowdAnswer {
  /** The messages that were acknowledged. */
  accepted: string[];
  threads: string[];
  /** Attempts that were not acknowledged, and were repeated. */
  repeated: number;
}

/** Many users at once, over every protocol, who resend what they are not sure of and connect again when cut off. */
export async function crowd(
  installation: Installation,
  { agents, threads, messages, ...options }: CrowdOptions,
): Promise<CrowdAnswer> {
  const { random, pauseMs, protocols = crowdProtocols, deadlineMs = 90_000, onAccepted } = options;
  const key = installation.environment['BOOTSTRAP_API_KEY'] ?? null;
  const members = agents.flatMap((agent_id, place) =>
    Array.from({ length: threads }, (_, thread) => {
      const protocol = protocols[(place + thread) % protocols.length] ?? 'rest';
      const origins = () => installation.livingManagers.map(({ origin }) => origin);
      return new CrowdMember({
        name: `${agent_id}-${thread}`,
        agent_id,
        protocol,
        key,
        origins,
        random,
        deadlineMs,
      });
    }),
  );
  await Promise.all(
    members.map(async (member, place) => {
      for (let index = 0; index < messages; index += 1) {
        await pause(random.next() * pauseMs);
        onAccepted?.(await member.say(`message ${index} of member ${place}`, `crowd-${place}-${index}`));
      }
    }),
  ).finally(() => {
    for (const member of members) member.leave();
  });
  const acknowledged = members.flatMap((member) => member.acknowledged);
  return {
    accepted: acknowledged.map(({ message_id }) => message_id),
    threads: [...new Set(acknowledged.map(({ thread_id }) => thread_id))],
    repeated: members.reduce((sum, { failures }) => sum + failures.length, 0),
  };
}
