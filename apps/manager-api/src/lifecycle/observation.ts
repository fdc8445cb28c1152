import type { PresentInstance } from '@roost/launcher';
import type { EndingFailure } from './instance-ending.service';
import type { InstanceEntity } from './instance.entity';

/** A runner ends with this when its credentials are gone: Redis restarted and forgot its user, or it was replaced. */
const EXIT_FENCED_OFF = 66;

/** What an end means for an instance in its state; null when that is no failure: it was asked for. */
export function nameEnd(
  instance: Pick<InstanceEntity, 'state' | 'by_hand'>,
  seen: PresentInstance | null,
): EndingFailure | null {
  if (instance.state === 'stopping' || instance.by_hand) return null;
  // Nothing is wrong with the agent: it sleeps, and what it owes wakes it with new credentials.
  if (instance.state === 'running' && seen?.exit_code === EXIT_FENCED_OFF) return null;
  if (seen?.oom_killed) {
    return {
      reason: 'oom_killed',
      detail: 'The runner went over its memory limit; raise limits.memory_mb.',
      final: false,
    };
  }
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

/** An instance that the platform does not show may just not be there yet, until its start deadline says otherwise. */
export const maybeNotThereYet = (instance: Pick<InstanceEntity, 'state'>): boolean =>
  instance.state === 'starting';
