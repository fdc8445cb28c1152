import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { KubernetesFaults } from './kubernetes.faults';
import { PodLog } from './pod.log';
import type { PodStore } from './pod.store';
import type { ContainerState, WirePod, WirePodStatus } from './pod.types';

export interface KubeletOptions {
  /** What stands for an image: the command and arguments of a container. */
  command: readonly string[];
  /** Milliseconds until a new pod has a node. */
  scheduling_ms: number;
}

interface Container {
  child: ChildProcess;
  startedAt: string;
  log: PodLog;
  kill_at: number;
  reason: string | null;
}

const SILENT = 'lost';

/** The scheduler and the one node of the stand-in: its containers are child processes, killed with the test. */
export class Kubelet {
  private readonly containers = new Map<string, Container>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private node: 'ready' | typeof SILENT = 'ready';

  constructor(
    private readonly store: PodStore,
    private readonly faults: KubernetesFaults,
    private readonly options: KubeletOptions,
  ) {
    store.changes.on('change', ({ type, object }) => {
      if (type === 'ADDED') this.later(options.scheduling_ms, () => this.schedule(object));
      else this.sync(object);
    });
  }

  logs({ metadata }: WirePod): PodLog | undefined {
    return this.containers.get(metadata.uid)?.log;
  }

  /** Ends a pod's container in the way the memory limit does. */
  oomKill(name: string): void {
    this.killNow(this.named(name), 'OOMKilled');
  }

  /** Takes a pod away for lack of resources. */
  evict(name: string, message: string): void {
    const pod = this.named(name);
    this.setStatus(pod, { reason: 'Evicted', message });
    this.killNow(pod, 'Error');
  }

  /** The node says nothing more; the cluster gives its pods up. Their processes are killed: nobody can see it. */
  loseNode(namespace: string): void {
    this.node = SILENT;
    for (const pod of this.store.list(namespace)) {
      this.containers.get(pod.metadata.uid)?.child.kill('SIGKILL');
      this.setStatus(pod, {
        phase: 'Failed',
        conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' }],
      });
      this.store.delete(pod.metadata.namespace, pod.metadata.name, 0);
    }
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.store.changes.removeAllListeners();
    for (const { child } of this.containers.values()) child.kill('SIGKILL');
  }

  private schedule(added: WirePod): void {
    const pod = this.current(added);
    if (!pod || pod.metadata.deletionTimestamp !== undefined) return;
    if (this.faults.unschedulable !== null) {
      const message = this.faults.unschedulable;
      const unplaced = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
      this.setStatus(pod, { conditions: [unplaced] });
      this.later(100, () => this.schedule(added));
      return;
    }
    const { namespace, name } = pod.metadata;
    const placed = this.store.update(namespace, name, ({ spec, status }) => {
      spec.nodeName = 'node-1';
      status.startTime = new Date().toISOString();
      status.conditions = [{ type: 'PodScheduled', status: 'True' }];
    });
    const trouble = this.faults.images[placed.spec.containers[0]?.image ?? ''];
    if (trouble) this.setState(placed, { waiting: trouble });
    else this.start(placed);
  }

  private start(pod: WirePod): void {
    const [command = '', ...args] = this.options.command;
    const env = Object.fromEntries(
      (pod.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value.replaceAll('$$', () => '$')]),
    );
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const container: Container = {
      child,
      startedAt: new Date().toISOString(),
      log: new PodLog(),
      kill_at: Infinity,
      reason: null,
    };
    this.containers.set(pod.metadata.uid, container);
    for (const output of [child.stdout, child.stderr]) {
      let rest = '';
      output.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) container.log.write(line);
      });
    }
    child.once('close', (code, signal) => {
      container.log.end();
      this.ended(pod, container, code, signal);
    });
    this.setState(pod, { running: { startedAt: container.startedAt } }, { phase: 'Running' });
  }

  /** What a kubelet does with each change of a pod: ends it when it is to be deleted or its deadline is past. */
  private sync(pod: WirePod): void {
    const container = this.containers.get(pod.metadata.uid);
    if (this.node === SILENT) return;
    if (!container) return this.giveUp(pod);
    if (container.child.exitCode !== null) return;
    const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: spec_grace = 30 } = pod.spec;
    const age = Date.now() - Date.parse(pod.status.startTime ?? '');
    const deleted_grace = pod.metadata.deletionGracePeriodSeconds;
    if (deleted_grace === undefined) {
      if (deadline === undefined) return;
      const left = deadline * 1000 - age;
      if (left > 0) return this.later(left, () => this.sync(this.current(pod) ?? pod));
      container.reason = 'DeadlineExceeded';
    }
    // Kubelets grant a second at least, and only ever shorten what they granted.
    this.terminate(container, Math.max(1, deleted_grace ?? spec_grace) * 1000);
  }

  /** A pod on its node that has no container yet ends at once. */
  private giveUp({ metadata, spec, status }: WirePod): void {
    const deleted = metadata.deletionTimestamp !== undefined && spec.nodeName !== undefined;
    if (!deleted || metadata.deletionGracePeriodSeconds === 0 || status.phase !== 'Pending') return;
    this.later(0, () => {
      const pod = this.store.find(metadata.name);
      if (pod?.metadata.uid !== metadata.uid || pod.status.phase !== 'Pending') return;
      this.setStatus(pod, { phase: 'Failed' });
      this.store.delete(metadata.namespace, metadata.name, 0);
    });
  }

  private terminate(container: Container, grace_ms: number): void {
    if (container.kill_at === Infinity) container.child.kill('SIGTERM');
    const kill_at = Date.now() + grace_ms;
    if (kill_at >= container.kill_at) return;
    container.kill_at = kill_at;
    this.later(grace_ms, () => container.child.kill('SIGKILL'));
  }

  private killNow(pod: WirePod, reason: string): void {
    const container = this.containers.get(pod.metadata.uid);
    if (!container) throw new Error(`${pod.metadata.name} has no container`);
    container.reason = reason;
    container.child.kill('SIGKILL');
  }

  private ended(
    pod: WirePod,
    container: Container,
    code: number | null,
    signal: NodeJS.Signals | null,
  ): void {
    const now = this.current(pod);
    if (!now || this.node === SILENT) return;
    const exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
    const { startedAt, reason } = container;
    const finishedAt = new Date().toISOString();
    const oom = reason === 'OOMKilled' ? reason : null;
    const terminated = {
      exitCode,
      reason: oom ?? (exitCode === 0 ? 'Completed' : 'Error'),
      startedAt,
      finishedAt,
    };
    const late = reason === 'DeadlineExceeded';
    const evicted = now.status.reason === 'Evicted';
    const phase = exitCode === 0 && !late && !evicted ? 'Succeeded' : 'Failed';
    this.setState(now, { terminated }, { phase, ...(late ? { reason } : {}) });
    // The kubelet confirms the end of a pod that is to be deleted.
    const left = this.current(pod);
    if (left?.metadata.deletionTimestamp) this.store.delete(left.metadata.namespace, left.metadata.name, 0);
  }

  private setState(pod: WirePod, state: ContainerState, part: Partial<WirePodStatus> = {}): void {
    const { name = '', image = '' } = pod.spec.containers[0] ?? {};
    const ready = state.running !== undefined;
    this.setStatus(pod, {
      ...part,
      containerStatuses: [{ name, image, imageID: image, ready, restartCount: 0, state }],
    });
  }

  private setStatus(pod: WirePod, part: Partial<WirePodStatus>): void {
    if (!this.current(pod)) return;
    this.store.update(pod.metadata.namespace, pod.metadata.name, ({ status }) => Object.assign(status, part));
  }

  private current({ metadata }: WirePod): WirePod | undefined {
    return this.store.list(metadata.namespace).find((pod) => pod.metadata.uid === metadata.uid);
  }

  private named(name: string): WirePod {
    const found = this.store.find(name);
    if (!found) throw new Error(`no pod ${name}`);
    return found;
  }

  private later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }
}
