import type { PresentInstance } from '@roost/launcher';
import type { EndingFailure } from './instance-ending.service';
import type { InstanceEntity } from './instance.entity';

/**
 * How a running instance ends without anything being wrong with the agent: 0, it was asked to, though not by us;
 * 66, its credentials were gone, as after a restart of Redis; null, nobody saw it, as when this machine went down.
 * It then sleeps, and what it owes wakes it.
 */
const harmlessExits: (number | null)[] = [0, 66, null];

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

/** A member of the warm pool that ended before it took its agent: no fault of the agent, which starts cold. */
export const wasNotTaken = (instance: Pick<InstanceEntity, 'state' | 'claimed'>): boolean =>
  instance.claimed && instance.state === 'starting';

/** An instance that the platform does not show may just not be there yet, until its start deadline says otherwise. */
export const maybeNotThereYet = (instance: Pick<InstanceEntity, 'state' | 'claimed'>): boolean =>
  instance.state === 'starting' && !instance.claimed;
