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
  /** From 1 while the start waits for its turn, else null. A manager of the release before does not say. */
  queue_position: z.int().min(1).nullable().default(null),
});
/** Announced on `topics.agentStatus` whenever the stored state, or the place in the queue of starts, changed. */
export type AgentStatusEvent = z.infer<typeof AgentStatusEvent>;
