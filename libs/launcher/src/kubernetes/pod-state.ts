import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { InstanceTrouble, PresentInstance } from '../launcher';
import { CONTAINER, MARK } from './pod-labels';

/** 128 + SIGKILL. */
const KILLED = 137;

/**
 * What a pod says, in the port's words; undefined for one that is not this installation's. `is_overdue` when its
 * deletion should have ended it long ago.
 */
export function presentInstance(
  pod: V1Pod,
  installation: string,
  is_overdue = false,
): PresentInstance | undefined {
  const marks = pod.metadata?.annotations ?? {};
  const instance_id = marks[MARK.instance_id];
  if (marks[MARK.installation] !== installation || !instance_id) return undefined;

  const container = containerOf(pod);
  const ended = container?.state?.terminated;
  const trouble = troubleOf(pod, is_overdue);
  const state = stateOf(pod, trouble);
  const exited = state === 'exited';
  const begun = ended?.startedAt ?? container?.state?.running?.startedAt;
  return {
    instance_id,
    agent_id: marks[MARK.agent_id] ?? null,
    generation: MARK.generation in marks ? Number(marks[MARK.generation]) : null,
    state,
    created_at: moment(pod.metadata?.creationTimestamp) ?? '',
    started_at: moment(begun),
    ended_at: exited ? moment(ended?.finishedAt ?? pod.metadata?.deletionTimestamp) : null,
    exit_code: exited ? (ended?.exitCode ?? null) : null,
    // The reason is also given when only a child process was killed and the instance ended by itself.
    oom_killed: exited && ended?.reason === 'OOMKilled' && ended.exitCode === KILLED,
    ...(trouble ? { trouble } : {}),
  };
}

export const containerOf = (pod: V1Pod): V1ContainerStatus | undefined =>
  pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER);

function stateOf(pod: V1Pod, trouble: InstanceTrouble | undefined): PresentInstance['state'] {
  const state = containerOf(pod)?.state;
  if (state?.terminated || trouble?.kind === 'node_lost') return 'exited';
  // Kubelets before 1.27 announce the end of a pod while its containers still end.
  if (state?.running) return 'running';
  const phase = pod.status?.phase;
  if (phase === 'Failed' || phase === 'Succeeded') return 'exited';
  const neverBegins = pod.metadata?.deletionTimestamp !== undefined && pod.spec?.nodeName === undefined;
  return neverBegins ? 'exited' : 'created';
}

function troubleOf(pod: V1Pod, is_overdue: boolean): InstanceTrouble | undefined {
  const { reason, message } = pod.status ?? {};
  const disruption = pod.status?.conditions?.find(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  if (reason === 'NodeLost' || disruption?.reason === 'DeletionByPodGC' || (is_overdue && isOnNode(pod))) {
    const node = pod.spec?.nodeName ?? 'unknown';
    return { kind: 'node_lost', message: `The node ${node} is lost; look at: kubectl describe node ${node}` };
  }
  if (reason === 'Evicted' || disruption?.reason === 'PreemptionByScheduler') {
    const why = message ?? disruption?.message ?? 'no reason given';
    return { kind: 'evicted', message: `The cluster evicted it: ${why}` };
  }
  return undefined;
}

const isOnNode = (pod: V1Pod): boolean =>
  containerOf(pod)?.state?.terminated === undefined && pod.spec?.nodeName !== undefined;

const moment = (time: Date | undefined): string | null => (time ? new Date(time).toISOString() : null);
