import { PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { anySignal } from 'any-signal';
import { setTimeout as pause } from 'node:timers/promises';
import { InFlight } from '../in-flight';
import { instanceName } from '../instance-name';
import {
  LaunchRefusedError,
  LauncherUnavailableError,
  type InstanceObservation,
  type InstanceSpec,
  type Launcher,
  type PresentInstance,
} from '../launcher';
import { ClusterAnswerError, ClusterClient } from './cluster.client';
import {
  resolveOptions,
  type KubernetesLauncherOptions,
  type ResolvedKubernetesOptions,
} from './kubernetes.options';
import { launchError, refusalIn } from './launch-refusal';
import { beginningOf, type Beginning } from './pod-beginning';
import { podBody } from './pod-body';
import { PodDeletions } from './pod-deletions';
import { FINALIZER } from './pod-labels';
import { listPods } from './pod-list';
import { followPod } from './pod-follow';
import { podLogs } from './pod-logs';
import { presentInstance } from './pod-state';
import { watchEnds } from './pod-watch';

const LOOK_AGAIN_MS = { first: 50, most: 1000 };
/** Clusters hardly place a pod sooner: to ask at once would be one more call a start, for nothing. */
const PLACED_MS = 100;
/** Kubelets wait this long at least between SIGTERM and the kill, whatever they are told. */
const KUBELET_GRACE_SECONDS = 1;

/** Instances as hardened pods in one namespace of a cluster. */
export class KubernetesLauncher implements Launcher {
  readonly kind = 'kubernetes';
  readonly #options: ResolvedKubernetesOptions;
  readonly #cluster: ClusterClient;
  readonly #launches = new InFlight();
  readonly #deletions = new PodDeletions();
  readonly #closed = new AbortController();

  /** @throws {Error} when the kubeconfig cannot be used; the cluster itself is not called yet. */
  constructor(options: KubernetesLauncherOptions) {
    this.#options = resolveOptions(options);
    this.#cluster = new ClusterClient(this.#options);
  }

  launch(spec: InstanceSpec): Promise<void> {
    return this.#launches.once(spec.instance_id, async () => {
      const name = this.#nameOf(spec.instance_id);
      await this.#create(name, spec);
      await this.#begun(name, spec.instance_id);
    });
  }

  async stop(instance_id: string, grace_seconds: number): Promise<void> {
    const name = this.#nameOf(instance_id);
    const pod = await this.#ours(name);
    if (!pod || this.#observe(pod)?.state === 'exited') return;
    // A deadline that is past ends a pod as a deletion does, and leaves its logs. What no node has taken up yet,
    // or must not be waited for, is deleted; the finalizer keeps its end to be seen.
    if (grace_seconds > 0 && pod.status?.startTime !== undefined) {
      await this.#patch(name, { spec: { activeDeadlineSeconds: 1 } });
      if (await this.#endsWithin(name, grace_seconds * 1000)) return;
    }
    await this.#delete(name, KUBELET_GRACE_SECONDS);
    await this.#mustEnd(name);
  }

  async remove(instance_id: string): Promise<void> {
    const name = this.#nameOf(instance_id);
    const pod = await this.#ours(name);
    if (!pod) return;
    const exited = this.#observe(pod)?.state === 'exited';
    await this.#delete(name, exited ? 0 : KUBELET_GRACE_SECONDS);
    if (!exited) await this.#mustEnd(name);
    await this.#patch(name, { metadata: { '$deleteFromPrimitiveList/finalizers': [FINALIZER] } });
    await this.#until(
      name,
      this.#options.call_timeout_ms,
      (left) => left === undefined,
      'is still being removed',
    );
  }

  async inspect(instance_id: string): Promise<InstanceObservation> {
    const pod = await this.#ours(this.#nameOf(instance_id));
    return (pod && this.#observe(pod)) ?? { instance_id, state: 'absent' };
  }

  async list(): Promise<PresentInstance[]> {
    const { pods } = await listPods(this.#cluster, this.#options);
    return pods.map((pod) => this.#observe(pod)).filter((seen) => seen !== undefined);
  }

  async logs(instance_id: string, tail: number): Promise<string[]> {
    const name = this.#nameOf(instance_id);
    return (await this.#ours(name)) ? podLogs(this.#cluster, this.#options.namespace, name, tail) : [];
  }

  async *follow(instance_id: string, tail: number, signal: AbortSignal): AsyncGenerator<string, void> {
    const name = this.#nameOf(instance_id);
    if (!(await this.#ours(name))) return;
    const until = anySignal([signal, this.#closed.signal]);
    try {
      yield* followPod(this.#cluster, this.#options.namespace, name, tail, until);
    } finally {
      until.clear();
    }
  }

  watch(listener: (instance_id: string) => void, signal: AbortSignal): void {
    const until = anySignal([signal, this.#closed.signal]);
    void watchEnds(this.#cluster, this.#options, (pod) => this.#observe(pod), listener, until);
  }

  async ping(): Promise<void> {
    const { namespace } = this.#options;
    await this.#cluster.call('ping', (options) =>
      this.#cluster.pods.listNamespacedPod({ namespace, limit: 1 }, options),
    );
  }

  close(): Promise<void> {
    this.#closed.abort();
    return Promise.resolve();
  }

  async #create(name: string, spec: InstanceSpec): Promise<void> {
    const { namespace } = this.#options;
    try {
      const body = podBody(spec, this.#options);
      await this.#cluster.call(`create ${name}`, (options) =>
        this.#cluster.pods.createNamespacedPod({ namespace, body }, options),
      );
    } catch (error) {
      // Taken by an earlier launch of this instance whose answer was lost, or by a stranger.
      if (!(error instanceof ClusterAnswerError && error.status === 409)) throw launchError(error, namespace);
      const pod = await this.#read(name);
      if (!pod || this.#observe(pod)) return;
      throw new LaunchRefusedError(
        `the name ${name} is taken by a pod that is not ours; remove it with: kubectl -n ${namespace} delete pod ${name}`,
      );
    }
  }

  /** Waits, within a call's time, for what would keep the pod from beginning; one merely slow is left to begin. */
  async #begun(name: string, instance_id: string): Promise<void> {
    let why: Beginning = { is: 'under_way' };
    await pause(PLACED_MS);
    await this.#look(name, this.#options.call_timeout_ms, (pod) => {
      const seen: Beginning = pod ? beginningOf(pod) : { is: 'over' };
      // The message of a pull that is backed off does not say any more why it failed.
      if (!(why.is === 'image_unavailable' && seen.is === 'image_unavailable' && !seen.for_good)) why = seen;
      return (
        seen.is === 'over' || seen.is === 'refused' || (seen.is === 'image_unavailable' && seen.for_good)
      );
    });
    const refusal = refusalIn(why, this.#options);
    if (refusal instanceof LaunchRefusedError) {
      // Not to come to life after it was said that it will not.
      await this.remove(instance_id).catch(() => undefined);
    }
    if (refusal) throw refusal;
  }

  async #mustEnd(name: string): Promise<void> {
    const ms = this.#options.call_timeout_ms + KUBELET_GRACE_SECONDS * 1000;
    const ended = (pod: V1Pod | undefined): boolean => !pod || this.#observe(pod)?.state === 'exited';
    await this.#until(name, ms, ended, 'still runs after the cluster was asked to end it');
  }

  #endsWithin(name: string, ms: number): Promise<boolean> {
    return this.#look(name, ms, (pod) => !pod || this.#observe(pod)?.state === 'exited');
  }

  async #until(
    name: string,
    ms: number,
    done: (pod: V1Pod | undefined) => boolean,
    not: string,
  ): Promise<void> {
    if (!(await this.#look(name, ms, done))) throw new LauncherUnavailableError(`${name} ${not}; try again`);
  }

  /** Looks at the pod until it is `done`; false when it is not within `ms`. */
  async #look(name: string, ms: number, done: (pod: V1Pod | undefined) => boolean): Promise<boolean> {
    const deadline = performance.now() + ms;
    for (let wait = LOOK_AGAIN_MS.first; ; wait = Math.min(wait * 1.5, LOOK_AGAIN_MS.most)) {
      if (done(await this.#ours(name))) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await pause(Math.min(wait, left));
    }
  }

  #patch(name: string, body: object): Promise<unknown> {
    const { namespace } = this.#options;
    return this.#cluster.callTolerating([404, 409], `patch ${name}`, (options) =>
      this.#cluster.pods.patchNamespacedPod(
        { namespace, name, body },
        setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch, options),
      ),
    );
  }

  #delete(name: string, gracePeriodSeconds: number): Promise<unknown> {
    const { namespace } = this.#options;
    return this.#cluster.callTolerating([404, 409], `delete ${name}`, (options) =>
      this.#cluster.pods.deleteNamespacedPod({ namespace, name, gracePeriodSeconds }, options),
    );
  }

  #read(name: string): Promise<V1Pod | undefined> {
    const { namespace } = this.#options;
    return this.#cluster.callTolerating([404], `read ${name}`, (options) =>
      this.#cluster.pods.readNamespacedPod({ namespace, name }, options),
    );
  }

  async #ours(name: string): Promise<V1Pod | undefined> {
    const pod = await this.#read(name);
    return pod && this.#observe(pod) ? pod : undefined;
  }

  #observe(pod: V1Pod): PresentInstance | undefined {
    return presentInstance(pod, this.#options.installation, this.#deletions.isOverdue(pod));
  }

  #nameOf(instance_id: string): string {
    return instanceName(this.#options.installation, instance_id);
  }
}
