import type { PresentInstance } from '@roost/launcher';
import type { EndingFailure } from './instance-ending.service';
import type { InstanceEntity } from './instance.entity';

/** Milliseconds after its creation within which an instance may not be seen yet. */
export const CREATION_GRACE_MS = 10_000;

/** What an end means for an instance in its state; null when it was asked to end. */
export function nameEnd(
  instance: Pick<InstanceEntity, 'state'>,
  seen: PresentInstance | null,
): EndingFailure | null {
  if (instance.state === 'stopping') return null;
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

/** Whether an instance that the platform does not show may just not be there yet. */
export const maybeNotThereYet = (
  instance: Pick<InstanceEntity, 'state' | 'created_at'>,
  now: Date,
): boolean =>
  instance.state === 'starting' && now.getTime() - instance.created_at.getTime() < CREATION_GRACE_MS;
