import { setTimeout as pause } from 'node:timers/promises';
import type { PresentInstance } from '../launcher';

const LOOK_EVERY_MS = 200;

/** Looks at all instances again and again and tells of those that ended since the last look, at first of all that ended. */
export async function watchEnds(
  list: () => Promise<PresentInstance[]>,
  onEnd: (instance_id: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let before = new Map<string, PresentInstance['state']>();
  while (!signal.aborted) {
    const present = await list().catch(() => undefined);
    if (present) {
      const now = new Map(present.map(({ instance_id, state }) => [instance_id, state]));
      for (const instance_id of endedBetween(before, now)) onEnd(instance_id);
      before = now;
    }
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Those that exited since the last look, also when they began after it, and those that vanished. */
function endedBetween(
  before: Map<string, PresentInstance['state']>,
  now: Map<string, PresentInstance['state']>,
): string[] {
  const exited = [...now].filter(([id, state]) => state === 'exited' && before.get(id) !== 'exited');
  const vanished = [...before].filter(([id]) => !now.has(id));
  return [...exited, ...vanished].map(([id]) => id);
}
