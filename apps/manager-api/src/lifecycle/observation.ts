import type { InstanceTrouble, PresentInstance } from '@roost/launcher';
import type { EndingFailure } from './instance-ending.service';
import type { ManagerConfig } from '../config';
import { type InstanceEntity, neverLaunched } from './instance.entity';

/**
 * How a running instance ends without anything being wrong with the agent: 0, it was asked to, though not by us;
 * 66, its credentials were gone, as after a restart of Redis; null, nobody saw it, as when this machine went down.
 * It then sleeps, and what it owes wakes it.
 */
const harmlessExits: (number | null)[] = [0, 66, null];

/** Characters of what the platform says of an end. */
const DETAIL_MAX = 500;

/** What an end means for an instance in its state; null when that is no failure: it was asked for. */
export function nameEnd(
  instance: Pick<InstanceEntity, 'state' | 'by_hand' | 'claimed'>,
  seen: PresentInstance | null,
): EndingFailure | null {
  if (instance.state === 'stopping' || instance.by_hand || wasNotTaken(instance)) return null;
  if (seen?.oom_killed) {
    return {
      reason: 'oom_killed',
      detail: 'The runner went over its memory limit; raise limits.memory_mb.',
      final: false,
    };
  }
  if (seen?.trouble) return befallen(instance, seen.trouble);
  if (instance.state === 'running' && seen !== null && harmlessExits.includes(seen.exit_code)) return null;
  const how = seen === null ? 'vanished' : `ended with exit code ${seen.exit_code ?? 'unknown'}`;
  return instance.state === 'running'
    ? {
        reason: 'process_lost',
        detail: `The runner ${how}; GET /agents/{agent_id}/logs has its last lines.`,
        final: false,
      }
    : {
        reason: 'start_failed',
        detail: `The runner ${how} before it was ready; GET /agents/{agent_id}/logs has its last lines.`,
        final: false,
      };
}

/** The platform is why it ended; the agent may start again elsewhere. */
function befallen(
  { state }: Pick<InstanceEntity, 'state'>,
  { kind, message }: InstanceTrouble,
): EndingFailure {
  const what = { evicted: 'was evicted', node_lost: 'was lost with its node' }[kind];
  const when = state === 'running' ? '' : ' before it was ready';
  return {
    reason: state === 'running' ? 'process_lost' : 'start_failed',
    detail: `The runner ${what}${when}: ${message}`.slice(0, DETAIL_MAX),
    final: false,
  };
}

/** A member of the warm pool that ended before it took its agent: no fault of the agent, which starts cold. */
export const wasNotTaken = (instance: Pick<InstanceEntity, 'state' | 'claimed'>): boolean =>
  instance.claimed && instance.state === 'starting';

/** An instance that the platform does not show may just not be there yet, until its start deadline says otherwise. */
export const maybeNotThereYet = (instance: Pick<InstanceEntity, 'state' | 'claimed'>): boolean =>
  instance.state === 'starting' && !instance.claimed;

/**
 * Whether an instance is known to be over. One that ended before it began was taken back by its launch, which says why;
 * should that never come to it, the start deadline does.
 */
export function isOver(
  instance: Pick<InstanceEntity, 'state' | 'claimed'>,
  seen: PresentInstance | null,
): boolean {
  if (seen === null) return !maybeNotThereYet(instance);
  if (seen.state !== 'exited') return false;
  return seen.started_at !== null || seen.trouble !== undefined || !maybeNotThereYet(instance);
}

/** What it means that an instance's transitional state has outlived its deadline; null when that is no failure. */
export function nameOverdue(
  instance: Pick<InstanceEntity, 'state' | 'claimed' | 'launched_at' | 'code_hash' | 'token_hash'>,
  config: Pick<ManagerConfig, 'START_DEADLINE_SECONDS' | 'START_QUEUE_SECONDS'>,
): EndingFailure | null {
  if (instance.state === 'stopping' || wasNotTaken(instance)) return null;
  const detail = neverLaunched(instance)
    ? `Waited ${config.START_QUEUE_SECONDS} s for its turn to start; raise STARTING_AGENTS_MAX, RUNNING_AGENTS_MAX or RUNNING_AGENTS_PER_KEY_MAX, or START_QUEUE_SECONDS to wait longer.`
    : `Not ready within ${config.START_DEADLINE_SECONDS} s; GET /agents/{agent_id}/logs has its last lines.`;
  return { reason: 'start_failed', detail, final: false };
}
