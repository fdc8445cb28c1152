import { randomBytes } from 'node:crypto';
import { freePort, waitUntil } from '@roost/devstack';
import { closeOnInterrupt } from '../interrupt';
import { compare, notMeasured, ratioAtMost, type Row } from '../report';
import { BenchStack } from '../stack/bench.stack';
import { Engine } from './engine';

const NAME = 'POST /start to running in Docker : docker run --rm IMAGE node -e 0';
const TARGET = ratioAtMost(2);
const WARM_UP = 2;

/** An agent's start in a container, against the least the engine can do with the same image. */
export async function benchDocker(pairs: number): Promise<Row[]> {
  const engine = Engine.find();
  if (typeof engine === 'string') return [notMeasured(NAME, engine, TARGET)];
  const site = new Site(engine);
  try {
    await site.prepare();
    return [await site.measure(Math.max(6, Math.round(pairs / 10)))];
  } finally {
    await site.clear();
  }
}

/** What the measurement puts on the engine, all of it under one name. */
class Site {
  private readonly name = `roost-bench-${process.pid}`;
  private readonly image = `roost/agent-runner:${this.name}`;
  private readonly forget = closeOnInterrupt(() => this.clear());
  private stack: BenchStack | null = null;

  constructor(private readonly engine: Engine) {}

  async prepare(): Promise<void> {
    const { engine, name } = this;
    const { NODE_IMAGE, REDIS_IMAGE = '' } = await engine.bases();
    await engine.buildRunner(this.image, NODE_IMAGE);
    await engine.call('network', 'create', name);
    const host = await engine.call('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', name);
    const internal_port = String(await freePort());
    this.stack = await BenchStack.start({
      name: 'docker',
      redis_url: await this.startRedis(REDIS_IMAGE),
      manager_env: {
        LAUNCHER: 'docker',
        INSTALLATION: name,
        RUNNER_IMAGE: this.image,
        RUNNER_NETWORK: name,
        // Containers reach this machine at the address it has on their network.
        MANAGER_HOST: '0.0.0.0',
        INTERNAL_PORT: internal_port,
        RUNNER_CONFIG_ORIGIN: `http://${host}:${internal_port}`,
      },
    });
  }

  async measure(pairs: number): Promise<Row> {
    const { api } = this.running();
    const agent_id = await api.createAgent('Docker');
    const ours: number[] = [];
    const reference: number[] = [];
    for (let pair = 0; pair < WARM_UP + pairs; pair += 1) {
      const start = await timed(() => api.start(agent_id));
      await api.stop(agent_id);
      const bare = await timed(() =>
        this.engine.call('run', '--rm', '--network', this.name, this.image, 'node', '-e', '0'),
      );
      if (pair < WARM_UP) continue;
      ours.push(start);
      reference.push(bare);
    }
    return compare({ name: NAME, unit: 'ms', ours, reference, target: TARGET });
  }

  async clear(): Promise<void> {
    const { engine, name } = this;
    await this.stack?.close();
    const containers = await engine.call('ps', '--all', '--quiet', '--filter', `network=${name}`);
    const ids = containers.split('\n').filter(Boolean);
    if (ids.length > 0) await engine.call('rm', '--force', '--volumes', ...ids);
    // What was never made need not be removed.
    await engine.call('network', 'rm', name).catch(() => undefined);
    await engine.call('rmi', this.image).catch(() => undefined);
    this.forget();
  }

  private running(): BenchStack {
    if (!this.stack) throw new Error('the stack has not been started');
    return this.stack;
  }

  /** In a container, like the runners that have to reach it. */
  private async startRedis(image: string): Promise<string> {
    const { engine, name } = this;
    const password = randomBytes(16).toString('hex');
    const container = await engine.call(
      ...['run', '--detach', '--network', name, image],
      ...['redis-server', '--requirepass', password, '--maxmemory-policy', 'noeviction'],
    );
    const format = `{{(index .NetworkSettings.Networks "${name}").IPAddress}}`;
    const address = await engine.call('inspect', '--format', format, container);
    await waitUntil(
      'Redis answers',
      async () => {
        const answer = await engine
          .call('exec', container, 'redis-cli', '-a', password, 'ping')
          .catch(() => '');
        return answer.includes('PONG') || undefined;
      },
      { deadlineMs: 30_000 },
    );
    return `redis://:${password}@${address}:6379`;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
