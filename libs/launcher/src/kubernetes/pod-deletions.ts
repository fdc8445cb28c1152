import type { V1Pod } from '@kubernetes/client-node';
import { LRUCache } from 'lru-cache';

/** How long past the time that a deletion gives it a pod may go on before its node counts as lost. */
const NODE_LOST_AFTER_MS = 30_000;
/** Deleted pods that are kept in mind. */
const DELETED_MAX = 10_000;

/**
 * Since when pods are seen to be deleted, by the clock of this process: the cluster's timestamps say nothing beside it
 * where the two differ. A process that has just started sees every deletion begin.
 */
export class PodDeletions {
  readonly #since = new LRUCache<string, number>({ max: DELETED_MAX });

  /** Whether the pod should have ended long ago. */
  isOverdue({ metadata }: V1Pod, now = performance.now()): boolean {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata ?? {};
    if (uid === undefined || deletionTimestamp === undefined) return false;
    const since = this.#since.get(uid) ?? now;
    this.#since.set(uid, since);
    return now - since > deletionGracePeriodSeconds * 1_000 + NODE_LOST_AFTER_MS;
  }
}
