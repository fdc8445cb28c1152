import type { InboxEntry } from '@roost/contracts';
import type { StreamEntry } from '@roost/messaging';

export interface InboxPlan {
  removed_ids: string[];
  added: InboxEntry[];
}

/**
 * What makes an inbox hold what is `owed`, which is in order. What is missing is added; what stands behind it in
 * its thread moves behind it again. Messages `under_way` elsewhere are left alone. An entry from before the last pause
 * of its thread is as good as missing: its reader lets go of it.
 */
export function planInbox(
  owed: InboxEntry[],
  present: StreamEntry<InboxEntry>[],
  under_way: ReadonlySet<string>,
): InboxPlan {
  const places = new Map<string, string[]>();
  for (const { id, payload } of present)
    places.set(payload.message_id, [...(places.get(payload.message_id) ?? []), id]);
  const pauses = new Map<string, number>();
  for (const { payload } of present)
    pauses.set(payload.message_id, Math.max(pauses.get(payload.message_id) ?? 0, payload.pauses ?? 0));
  const plan: InboxPlan = { removed_ids: [], added: [] };
  const disordered = new Set<string>();
  for (const entry of owed) {
    if (under_way.has(entry.message_id)) continue;
    const ids = places.get(entry.message_id);
    const outdated = (pauses.get(entry.message_id) ?? 0) < (entry.pauses ?? 0);
    if (ids && !outdated && !disordered.has(entry.thread_id)) continue;
    disordered.add(entry.thread_id);
    plan.removed_ids.push(...(ids ?? []));
    plan.added.push(entry);
  }
  return plan;
}

/** Entries that nobody is owed an answer to. */
export function unwanted(owed: InboxEntry[], present: StreamEntry<InboxEntry>[]): string[] {
  const wanted = new Set(owed.map(({ message_id }) => message_id));
  return present.filter(({ payload }) => !wanted.has(payload.message_id)).map(({ id }) => id);
}
