import type { InboxEntry } from '@roost/contracts';
import type { StreamEntry } from '@roost/messaging';

export interface InboxPlan {
  removed_ids: string[];
  added: InboxEntry[];
}

/**
 * What makes an inbox hold what is `owed`, which is in order. What is missing is added; what stands behind it in
 * its thread moves behind it again. Messages `under_way` elsewhere are left alone.
 */
export function planInbox(
  owed: InboxEntry[],
  present: StreamEntry<InboxEntry>[],
  under_way: ReadonlySet<string>,
): InboxPlan {
  const places = new Map<string, string[]>();
  for (const { id, payload } of present)
    places.set(payload.message_id, [...(places.get(payload.message_id) ?? []), id]);
  const plan: InboxPlan = { removed_ids: [], added: [] };
  const disordered = new Set<string>();
  for (const entry of owed) {
    if (under_way.has(entry.message_id)) continue;
    const ids = places.get(entry.message_id);
    if (ids && !disordered.has(entry.thread_id)) continue;
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
