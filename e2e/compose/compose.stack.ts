import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  baseImages,
  buildImage,
  capture,
  type Container,
  type DockerTools,
  HostNetwork,
  run,
} from '@roost/testing';

const root = join(import.meta.dirname, '../..');

/**
 * docker-compose.yml as an operator runs it after `cp .env.example .env`, beside whatever else the engine holds:
 * project, images, network and published port are its own. Qdrant gets no container.
 */
export class ComposeStack {
  readonly project = `roost-e2e-${process.pid}`;
  readonly runnerNetwork = `${this.project}-runners`;
  readonly runnerImage = `roost/agent-runner:${this.project}`;
  private environment: NodeJS.ProcessEnv;
  private folder = '';
  private hostNetwork: HostNetwork | undefined;

  constructor(private readonly tools: DockerTools) {
    this.environment = {
      ...tools.environment,
      ROOST_TAG: this.project,
      RUNNER_NETWORK: this.runnerNetwork,
      INSTALLATION: this.project,
      // No port: the engine picks a free one.
      MANAGER_PUBLISH: '127.0.0.1:',
      GATEWAY_PUBLISH: '127.0.0.1:',
      COMPOSE_PROFILES: 'telegram',
      TELEGRAM_DATABASE_PASSWORD: 'for-tests',
      GATEWAY_API_KEY: `roost_${'G'.repeat(43)}`,
    };
  }

  /** An address of this machine that every container reaches. */
  async hostAddress(): Promise<string> {
    this.hostNetwork = await HostNetwork.create(`${this.project}-host`, this.environment);
    return this.hostNetwork.address;
  }

  /** `changes` are to services of docker-compose.yml. */
  async up(settings: Record<string, string>, changes: Record<string, object> = {}): Promise<void> {
    const images = await baseImages(this.tools.environment);
    this.environment = { ...this.environment, ...images, ...settings };
    this.folder = await mkdtemp(join(tmpdir(), 'roost-compose-'));
    const qdrant = { image: images['REDIS_IMAGE'] ?? 'redis:7', deploy: { replicas: 0 } };
    await writeFile(join(this.folder, 'override.yml'), JSON.stringify({ services: { qdrant, ...changes } }));
    await this.warmBuildCache();
    try {
      await this.compose(['up', '--build', '-d'], 420_000);
    } catch (error) {
      // Compose says that a dependency failed, not why.
      throw new Error(`the stack did not come up:\n${await this.logs()}`, { cause: error });
    }
  }

  /** The last lines of every service and runner. */
  async logs(): Promise<string> {
    const services = this.compose(['logs', '--no-color', '--tail', '40']).catch(() => 'no logs');
    const runners = (await this.runners()).map(async ({ Name, State }) => {
      const { stdout, stderr } = await capture('docker', ['logs', '--tail', '40', Name], this.environment);
      return `${Name}: ${State.Status}, exit code ${State.ExitCode}\n${stdout}${stderr}`;
    });
    return (await Promise.all([services, ...runners])).join('\n');
  }

  /** Compose 1.29 passes no secrets to a build, and on some machines npm needs one: it finds the layers there. */
  private async warmBuildCache(): Promise<void> {
    if (!process.env['NODE_EXTRA_CA_CERTS']) return;
    const tag = `roost/build:${this.project}`;
    await buildImage(this.environment, 'build', tag, this.environment['NODE_IMAGE']);
  }

  compose(args: string[], deadlineMs = 60_000): Promise<string> {
    const [command, ...first] = this.tools.compose;
    const files = ['-f', join(root, 'docker-compose.yml'), '-f', join(this.folder, 'override.yml')];
    const project = [
      '--project-directory',
      root,
      '--env-file',
      join(root, '.env.example'),
      '-p',
      this.project,
    ];
    return run(command, [...first, ...project, ...files, ...args], this.environment, deadlineMs);
  }

  docker(args: string[], deadlineMs = 60_000): Promise<string> {
    return run('docker', args, this.environment, deadlineMs);
  }

  async managerUrl(): Promise<string> {
    return `http://${await this.compose(['port', 'agent-manager', '8000'])}`;
  }

  /** The containers of the compose services, by service. */
  async services(): Promise<Record<string, Container>> {
    const containers = await this.inspect(`label=com.docker.compose.project=${this.project}`);
    return Object.fromEntries(
      containers.map((container): [string, Container] => [
        container.Config.Labels['com.docker.compose.service'] ?? container.Name,
        container,
      ]),
    );
  }

  /** The containers that the manager made, running or ended. */
  runners(): Promise<Container[]> {
    return this.inspect(this.ownRunners);
  }

  /** Not by their image: installations that were built from the same sources share it. */
  private get ownRunners(): string {
    return `label=roost.installation=${this.project}`;
  }

  private async inspect(filter: string): Promise<Container[]> {
    const ids = await this.ids('ps', '--all', '--filter', filter);
    if (ids.length === 0) return [];
    return JSON.parse(await this.docker(['inspect', '--type', 'container', ...ids])) as Container[];
  }

  private async ids(...args: string[]): Promise<string[]> {
    return (await this.docker([...args, '--quiet'])).split('\n').filter(Boolean);
  }

  /** Removes all of it, and says what is still there. */
  async down(): Promise<string[]> {
    // The manager must not start another runner while they go, and a network in use cannot be removed.
    await this.compose(['stop', '--timeout', '10', 'agent-manager']).catch(() => undefined);
    const runners = await this.ids('ps', '--all', '--filter', this.ownRunners);
    if (runners.length > 0) await this.docker(['rm', '--force', '--volumes', ...runners]);
    await this.compose(['down', '--volumes', '--remove-orphans', '--timeout', '10'], 120_000);
    await this.hostNetwork?.remove();
    // By name: the same image may carry the tag of somebody else, who uses it.
    const format = ['--format', '{{.Repository}}:{{.Tag}}'];
    const images = (await this.docker(['images', ...format, `roost/*:${this.project}`]))
      .split('\n')
      .filter(Boolean);
    if (images.length > 0) await this.docker(['rmi', ...images]);
    await rm(this.folder, { recursive: true, force: true });
    return this.leftovers();
  }

  private async leftovers(): Promise<string[]> {
    const label = `label=com.docker.compose.project=${this.project}`;
    const lists = await Promise.all([
      this.ids('ps', '--all', '--filter', label),
      this.ids('ps', '--all', '--filter', `network=${this.runnerNetwork}`),
      this.ids('volume', 'ls', '--filter', label),
      this.ids('network', 'ls', '--filter', `name=${this.project}`),
      this.ids('images', `roost/*:${this.project}`),
    ]);
    return lists.flat();
  }
}
