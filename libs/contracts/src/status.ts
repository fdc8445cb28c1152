import { z } from 'zod';

/**
 * What an agent is doing. `stopped` means asleep: the next message wakes it. Every state but `stopped`,
 * `running` and `failed` ends by itself within a deadline.
 */
export const agentStates = ['stopped', 'starting', 'initializing', 'running', 'stopping', 'failed'] as const;
export type AgentState = (typeof agentStates)[number];

/** Why an agent is `failed`. `crash_loop` does not wake before its backoff has passed. */
export const failureReasons = [
  'start_failed',
  'config_invalid',
  'oom_killed',
  'process_lost',
  'crash_loop',
] as const;
export type FailureReason = (typeof failureReasons)[number];

export const AgentStatusEvent = z.object({
  agent_id: z.string(),
  state: z.enum(agentStates),
  reason: z.enum(failureReasons).nullable(),
  detail: z.string().nullable(),
  generation: z.int(),
  /** Milliseconds of the Unix epoch, by the database's clock, at which this was so. */
  as_of: z.number(),
  /** The agent is being deleted: there is nothing to talk to any more. */
  deleted: z.literal(true).optional(),
});
/** Announced by any manager on `topics.agentStatus` whenever the stored state changed. */
export type AgentStatusEvent = z.infer<typeof AgentStatusEvent>;

type Moment = Pick<AgentStatusEvent, 'generation' | 'as_of'>;

/** Whether a status tells what was so before `seen`: managers announce side by side, and one may be late. */
export const isOlderStatus = (status: Moment, seen: Moment | null): boolean =>
  seen !== null &&
  (status.generation === seen.generation ? status.as_of < seen.as_of : status.generation < seen.generation);
