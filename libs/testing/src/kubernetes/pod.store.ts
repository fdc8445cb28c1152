import { EventEmitter } from 'node:events';
import { ApiRefusal, type WirePod } from './pod.types';

export interface PodEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: WirePod;
  version: number;
}

/** What etcd and the registry of pods do: versions, the log of changes, deletion with grace and finalizers. */
export class PodStore {
  readonly changes = new EventEmitter<{ change: [PodEvent] }>().setMaxListeners(0);
  private readonly pods = new Map<string, WirePod>();
  private log: PodEvent[] = [];
  private compactedTo = 0;
  version = 1;

  list(namespace: string): WirePod[] {
    return [...this.pods.values()].filter(({ metadata }) => metadata.namespace === namespace);
  }

  get(namespace: string, name: string): WirePod {
    const pod = this.pods.get(`${namespace}/${name}`);
    if (!pod) throw new ApiRefusal(404, 'NotFound', `pods "${name}" not found`);
    return pod;
  }

  /** By its name, in whichever namespace. */
  find(name: string): WirePod | undefined {
    return [...this.pods.values()].find(({ metadata }) => metadata.name === name);
  }

  add(pod: WirePod): WirePod {
    const { name, namespace } = pod.metadata;
    if (this.pods.has(`${namespace}/${name}`)) {
      throw new ApiRefusal(409, 'AlreadyExists', `pods "${name}" already exists`);
    }
    return this.write('ADDED', pod);
  }

  /** Replaces the pod by what `change` makes of a copy; one that nothing keeps any more goes. */
  update(namespace: string, name: string, change: (pod: WirePod) => void): WirePod {
    const pod = structuredClone(this.get(namespace, name));
    change(pod);
    const { deletionGracePeriodSeconds: grace, finalizers = [] } = pod.metadata;
    return this.write(grace === 0 && finalizers.length === 0 ? 'DELETED' : 'MODIFIED', pod);
  }

  /** As the registry deletes: a pod without a node, or ended, at once; another when its kubelet says it has ended. */
  delete(namespace: string, name: string, asked: number | undefined): WirePod {
    return this.update(namespace, name, ({ metadata, spec, status }) => {
      const over = spec.nodeName === undefined || status.phase === 'Failed' || status.phase === 'Succeeded';
      const grace = over ? 0 : (asked ?? spec.terminationGracePeriodSeconds ?? 30);
      // A deletion may be made shorter, and never longer.
      if (metadata.deletionGracePeriodSeconds !== undefined && grace >= metadata.deletionGracePeriodSeconds) {
        return;
      }
      metadata.deletionGracePeriodSeconds = grace;
      metadata.deletionTimestamp = new Date(Date.now() + grace * 1000).toISOString();
    });
  }

  /** Changes after `version`. @throws {ApiRefusal} 410, when they are not kept any more. */
  since(version: number): PodEvent[] {
    if (version < this.compactedTo) {
      throw new ApiRefusal(410, 'Expired', `too old resource version: ${version} (${this.compactedTo})`);
    }
    return this.log.filter((event) => event.version > version);
  }

  /** Forgets all changes so far: watches that come back with an older version are gone. */
  compact(): void {
    this.compactedTo = this.version + 1;
    this.version += 1;
    this.log = [];
  }

  private write(type: PodEvent['type'], pod: WirePod): WirePod {
    this.version += 1;
    pod.metadata.resourceVersion = String(this.version);
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (type === 'DELETED') this.pods.delete(key);
    else this.pods.set(key, pod);
    const event = { type, object: pod, version: this.version };
    this.log.push(event);
    this.changes.emit('change', event);
    return pod;
  }
}
