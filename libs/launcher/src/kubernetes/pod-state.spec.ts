import type {
  V1ContainerState,
  V1ContainerStatus,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
} from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { beginningOf } from './pod-beginning';
import { PodDeletions } from './pod-deletions';
import { CONTAINER, MARK } from './pod-labels';
import { presentInstance } from './pod-state';

const created = new Date('2026-01-01T10:00:00Z');
const begun = new Date('2026-01-01T10:00:05Z');
const ended = new Date('2026-01-01T10:01:00Z');

const container = (state: V1ContainerState): V1ContainerStatus[] => [
  { name: CONTAINER, image: 'runner', imageID: '', ready: false, restartCount: 0, state },
];
const pod = (
  status: V1PodStatus,
  metadata: V1Pod['metadata'] = {},
  spec: Partial<V1Pod['spec']> = { nodeName: 'node-1' },
): V1Pod => ({
  metadata: {
    uid: 'uid-1',
    creationTimestamp: created,
    annotations: {
      [MARK.installation]: 'roost',
      [MARK.instance_id]: 'inst-1',
      [MARK.agent_id]: 'agent_a_0000',
      [MARK.generation]: '3',
    },
    ...metadata,
  },
  spec: { containers: [], ...spec },
  status,
});
const running = { phase: 'Running', containerStatuses: container({ running: { startedAt: begun } }) };
const terminated = (exitCode: number, reason: string): V1PodStatus => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: container({
    terminated: { exitCode, reason, startedAt: begun, finishedAt: ended },
  }),
});
const disrupted = (reason: string, message: string): V1PodCondition[] => [
  { type: 'DisruptionTarget', status: 'True', reason, message },
];

describe('an instance on Kubernetes', () => {
  it('that runs is told with whose it is, and when it was made and began', () => {
    expect(presentInstance(pod(running), 'roost')).toEqual({
      instance_id: 'inst-1',
      agent_id: 'agent_a_0000',
      generation: 3,
      state: 'running',
      created_at: created.toISOString(),
      started_at: begun.toISOString(),
      ended_at: null,
      exit_code: null,
      oom_killed: false,
    });
  });

  it.each<[string, V1Pod, object]>([
    ['pending is created', pod({ phase: 'Pending' }, {}, {}), { state: 'created', started_at: null }],
    [
      'without its image is created',
      pod({ phase: 'Pending', containerStatuses: container({ waiting: { reason: 'ImagePullBackOff' } }) }),
      { state: 'created' },
    ],
    [
      'that ended by itself has its exit code',
      pod(terminated(0, 'Completed')),
      { state: 'exited', exit_code: 0, oom_killed: false, ended_at: ended.toISOString() },
    ],
    [
      'past its memory limit was killed for that',
      pod(terminated(137, 'OOMKilled')),
      { state: 'exited', exit_code: 137, oom_killed: true },
    ],
    [
      'whose child process alone was past the limit ended by itself',
      pod(terminated(1, 'OOMKilled')),
      { state: 'exited', exit_code: 1, oom_killed: false },
    ],
    [
      'that was evicted says why',
      pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }),
      {
        state: 'exited',
        exit_code: null,
        trouble: { kind: 'evicted', message: expect.stringContaining('low on memory') },
      },
    ],
    [
      'that made room for others was evicted',
      pod({ phase: 'Failed', conditions: disrupted('PreemptionByScheduler', 'preempted') }),
      { state: 'exited', trouble: { kind: 'evicted', message: expect.stringContaining('preempted') } },
    ],
    [
      'on a node that does not answer has ended, though its container is still shown',
      pod({ ...running, reason: 'NodeLost' }),
      { state: 'exited', trouble: { kind: 'node_lost', message: expect.stringContaining('node-1') } },
    ],
    [
      'whose node was removed has ended',
      pod({ ...running, conditions: disrupted('DeletionByPodGC', 'orphaned') }),
      { state: 'exited', trouble: { kind: 'node_lost' } },
    ],
    [
      'whose end was announced before its container ended still runs',
      pod({ ...running, phase: 'Failed' }),
      { state: 'running' },
    ],
    [
      'deleted before any node took it never begins',
      pod({ phase: 'Pending' }, { deletionTimestamp: ended }, {}),
      { state: 'exited', ended_at: ended.toISOString() },
    ],
  ])('%s', (_name, seen, expected) => {
    expect(presentInstance(seen, 'roost')).toMatchObject(expected);
  });

  it('of another installation, or nobody’s, is not ours', () => {
    expect(presentInstance(pod(running), 'other')).toBeUndefined();
    expect(presentInstance(pod(running, { annotations: {} }), 'roost')).toBeUndefined();
  });

  it('whose deletion is overdue has lost its node, unless it has ended', () => {
    const lost = { state: 'exited', trouble: { kind: 'node_lost' } };
    expect(presentInstance(pod(running), 'roost', true)).toMatchObject(lost);
    expect(presentInstance(pod(terminated(0, 'Completed')), 'roost', true)).not.toHaveProperty('trouble');
  });
});

describe('a deletion', () => {
  const deleted = (deletionTimestamp: Date, deletionGracePeriodSeconds = 10): V1Pod =>
    pod(running, { deletionTimestamp, deletionGracePeriodSeconds });

  it.each([
    ['an hour behind', -3_600_000],
    ['an hour ahead', 3_600_000],
  ])('is overdue 30 seconds after its grace period as seen from here, with a cluster %s', (_name, offset) => {
    const deletions = new PodDeletions();
    const seen = deleted(new Date(Date.now() + offset));
    expect(deletions.isOverdue(seen, 1_000)).toBe(false);
    expect(deletions.isOverdue(seen, 41_000)).toBe(false);
    expect(deletions.isOverdue(seen, 41_001)).toBe(true);
  });

  it('is each pod’s own, and none is overdue that was not begun', () => {
    const deletions = new PodDeletions();
    deletions.isOverdue(deleted(created, 0), 0);
    expect(deletions.isOverdue(pod(running, { uid: 'uid-2', deletionTimestamp: created }), 90_000)).toBe(
      false,
    );
    expect(deletions.isOverdue(pod(running), 90_000)).toBe(false);
  });
});

describe('the beginning of an instance', () => {
  const waiting = (reason: string, message = ''): V1Pod =>
    pod({ phase: 'Pending', containerStatuses: container({ waiting: { reason, message } }) });
  const unschedulable = pod({
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no cpu' }],
  });

  it.each<[string, V1Pod, object]>([
    ['is under way while nothing is wrong', waiting('ContainerCreating'), { is: 'under_way' }],
    ['is over once it runs', pod(running), { is: 'over' }],
    ['is over once it has ended', pod(terminated(1, 'Error')), { is: 'over' }],
    ['finds no room on any node', unschedulable, { is: 'no_room', message: 'no cpu' }],
    [
      'waits for a registry',
      waiting('ErrImagePull', 'i/o timeout'),
      { is: 'image_unavailable', for_good: false },
    ],
    [
      'has no image',
      waiting('ErrImagePull', 'manifest not found'),
      { is: 'image_unavailable', for_good: true },
    ],
    ['may not pull', waiting('ErrImageNeverPull'), { is: 'image_unavailable', for_good: true }],
    ['names no image', waiting('InvalidImageName'), { is: 'image_unavailable', for_good: true }],
    ['is refused by the node', waiting('CreateContainerConfigError', 'runs as root'), { is: 'refused' }],
  ])('%s', (_name, seen, expected) => {
    expect(beginningOf(seen)).toMatchObject(expected);
  });
});
