import { createKubernetesLauncher, type KubernetesLauncher } from '@roost/launcher';
import { KubernetesStandIn, until } from '@roost/testing';
import pLimit from 'p-limit';
import { closeOnInterrupt } from '../interrupt';
import { compare, ratioAtMost, type Row } from '../report';

const PODS = 200;
/** As STARTING_AGENTS_MAX has it by default. */
const LIMIT = 10;
const LATENCY_MS = 50;
/** Milliseconds a pod takes to its node; processes are added to that. */
const SCHEDULING_MS = 100;
const ALONE = 10;
const ROUNDS = 3;
const NAMESPACE = 'bench';
const DEADLINE_MS = 120_000;

/**
 * Starts pods on a stand-in of the API server whose every answer takes 50 ms, ten at a time. The reference is the ideal:
 * `ceil(200 / 10)` times one answer and what a pod takes from being stored to its container running.
 */
export async function benchPods(): Promise<Row[]> {
  const cluster = await KubernetesStandIn.start({
    command: ['sleep', '600'],
    scheduling_ms: SCHEDULING_MS,
  });
  const launcher = await createKubernetesLauncher({
    namespace: NAMESPACE,
    server: cluster.url,
    image: 'roost/agent-runner:bench',
    build_hint: '',
    installation: 'bench',
    stop_grace_seconds: 1,
  });
  const close = async (): Promise<void> => {
    await launcher.close();
    await cluster.close();
  };
  const forget = closeOnInterrupt(close);
  try {
    cluster.faults.latency_ms = LATENCY_MS;
    const starts = new Starts(cluster, launcher);
    await starts.one();
    const ours: number[] = [];
    const reference: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const alone = starts.boots.length;
      for (let pod = 0; pod < ALONE; pod += 1) await starts.one();
      const boot = starts.boots.slice(alone).reduce((sum, ms) => sum + ms, 0) / ALONE;
      reference.push(Math.ceil(PODS / LIMIT) * (LATENCY_MS + boot));
      ours.push(await starts.many());
      await starts.removeAll();
    }
    return [
      compare({
        name: `${PODS} pods, ${LIMIT} at a time, ${LATENCY_MS} ms API latency : the ideal`,
        unit: 'ms',
        ours,
        reference,
        target: ratioAtMost(2),
      }),
    ];
  } finally {
    forget();
    await close();
  }
}

class Starts {
  /** Milliseconds from being stored to running, of each pod so far. */
  readonly boots: number[] = [];
  private made: string[] = [];
  private count = 0;
  private readonly added = new Map<string, number>();
  private readonly running = new Set<string>();

  constructor(
    cluster: KubernetesStandIn,
    private readonly launcher: KubernetesLauncher,
  ) {
    cluster.store.changes.on('change', ({ type, object: { metadata, status } }) => {
      const id = metadata.labels?.['roost.instance_id'] ?? '';
      if (type === 'ADDED') this.added.set(id, performance.now());
      if (status.phase !== 'Running' || this.running.has(id)) return;
      this.running.add(id);
      this.boots.push(performance.now() - (this.added.get(id) ?? Number.NaN));
    });
  }

  async one(): Promise<void> {
    this.count += 1;
    const instance_id = `bench-${this.count}`;
    this.made.push(instance_id);
    await this.launcher.launch({
      instance_id,
      agent_id: `agent_${this.count}`,
      generation: 1,
      limits: { memory_mb: 64, cpus: 0.1, pids: 16 },
      env: {},
    });
    await until(`${instance_id} runs`, () => this.running.has(instance_id), DEADLINE_MS);
  }

  /** Milliseconds that many take, so many at a time. */
  async many(): Promise<number> {
    const limit = pLimit(LIMIT);
    const begun = performance.now();
    await Promise.all(Array.from({ length: PODS }, () => limit(() => this.one())));
    return performance.now() - begun;
  }

  async removeAll(): Promise<void> {
    const limit = pLimit(LIMIT);
    await Promise.all(this.made.map((instance_id) => limit(() => this.launcher.remove(instance_id))));
    this.made = [];
  }
}
