import type { StreamConsumer } from '@roost/messaging';
import { withBackoff } from '../lifecycle/backoff';
import type { Fence } from '../lifecycle/fence';

const ACKNOWLEDGE_DEADLINE_MS = 60_000;

/**
 * Takes answered messages off the inbox, again and again while Redis is away. One that stays would be answered
 * again by the next instance, from memory, and the manager would drop the second answer.
 */
export async function acknowledge(
  inbox: StreamConsumer<'inbox'>,
  entry_ids: string[],
  fence: Fence,
): Promise<void> {
  await withBackoff(() => inbox.acknowledge(...entry_ids), {
    deadline_ms: ACKNOWLEDGE_DEADLINE_MS,
    isRetryable: () => !fence.isRaised,
    onFailure: (error) => fence.inspect(error),
  });
}
