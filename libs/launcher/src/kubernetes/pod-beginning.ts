import type { V1Pod } from '@kubernetes/client-node';
import { containerOf } from './pod-state';

/** How far a pod has come on its way to a running instance. */
export type Beginning =
  | { is: 'over' }
  | { is: 'under_way' }
  | { is: 'image_unavailable'; message: string; for_good: boolean }
  | { is: 'refused'; message: string }
  | { is: 'no_room'; message: string };

const IMAGE_REASONS = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
];
const IMAGE_GONE = /not found|denied|unauthorized|forbidden|authorization failed|unknown|no such|never/i;

/** A pure reading of a pod's status: `over` when it runs or has ended. */
export function beginningOf(pod: V1Pod): Beginning {
  const state = containerOf(pod)?.state;
  const phase = pod.status?.phase;
  if (state?.running || state?.terminated || phase === 'Failed' || phase === 'Succeeded')
    return { is: 'over' };
  const { reason = '', message = '' } = state?.waiting ?? {};
  if (IMAGE_REASONS.includes(reason)) {
    const for_good =
      reason === 'InvalidImageName' || reason === 'ErrImageNeverPull' || IMAGE_GONE.test(message);
    return { is: 'image_unavailable', message: `${reason}: ${message}`, for_good };
  }
  if (reason === 'CreateContainerConfigError') return { is: 'refused', message: `${reason}: ${message}` };
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { is: 'no_room', message: scheduled.message ?? 'no node fits' };
  }
  return { is: 'under_way' };
}
