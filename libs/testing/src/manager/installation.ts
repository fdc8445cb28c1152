import {
  freePort,
  type ModelStub,
  type SharedStack,
  sharedStack,
  startChild,
  startModelStub,
  type TestDatabase,
  type TestRedis,
  waitUntil,
} from '@roost/devstack';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { onExit } from 'signal-exit';
import type { ApiClient } from '../api.client';
import { type Release, thisRelease, workspaceRoot } from '../workspace';
import { GatewayProcess } from './gateway.process';
import { ManagerProcess } from './manager.process';
import { openRunDirectory, recordsIn, runnersIn } from './run.directory';
import { RunnerProcesses } from './runner.processes';

export interface InstallationOptions {
  /** Further variables of every manager; they win. */
  env?: Record<string, string>;
  /** In place of the run's own servers; ended with the installation. */
  database?: TestDatabase;
  redis?: TestRedis;
  /** Whose servers it stands on. Default: those of this Vitest run. */
  stack?: SharedStack;
  /** What its managers, gateways and runners are started from. Default: these sources. */
  release?: Release;
}

const MIGRATE_DEADLINE_MS = 60_000;

/**
 * One installation of the service on this machine, with real servers and nothing shared with any other: a database,
 * a Redis, a scripted model, a state folder, free ports, and the managers started on them.
 */
export class Installation {
  private readonly managers: ManagerProcess[] = [];
  readonly gateways: GatewayProcess[] = [];
  private current = thisRelease;
  private readonly unhook: () => void;

  private constructor(
    readonly directory: string,
    readonly database: TestDatabase,
    readonly redis: TestRedis,
    readonly model: ModelStub,
    readonly runners: RunnerProcesses,
    /** What every manager is started with; ports are added. */
    readonly environment: Record<string, string>,
  ) {
    this.unhook = onExit(() => {
      runners.killAll();
    });
  }

  /** Everything but a manager. */
  static async prepare({
    env = {},
    release = thisRelease,
    ...given
  }: InstallationOptions = {}): Promise<Installation> {
    const directory = await openRunDirectory();
    const stack = given.stack ?? (await sharedStack());
    const [database, redis, model] = await Promise.all([
      given.database ?? stack.createDatabase('e2e'),
      given.redis ?? stack.startRedis(),
      startModelStub(),
    ]);
    // Nothing is inherited: a key in the environment of whoever runs the tests must not be used.
    const environment: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '10',
      REDIS_URL: redis.url,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      BOOTSTRAP_API_KEY: `roost_${randomBytes(32).toString('base64url')}`,
      GATEWAY_API_KEY: `roost_${randomBytes(32).toString('base64url')}`,
      OPENAI_API_KEY: 'sk-operator',
      OPENAI_BASE_URL: model.baseUrl,
      MANAGER_HOST: '127.0.0.1',
      LAUNCHER: 'process',
      RUNNER_STATE_DIR: runnersIn(directory),
      KNOWLEDGE_DIR: join(directory, 'knowledge'),
      START_DEADLINE_SECONDS: '30',
      STOP_GRACE_SECONDS: '5',
      RECONCILE_INTERVAL_MS: '250',
      // All clients of a test come from one address.
      CONNECTIONS_PER_MINUTE: '100000',
      MESSAGES_PER_MINUTE: '100000',
      ...env,
    };
    const runners = new RunnerProcesses(runnersIn(directory));
    const installation = new Installation(directory, database, redis, model, runners, environment);
    try {
      await installation.migrateTo(release);
    } catch (error) {
      await installation.stop();
      throw error;
    }
    return installation;
  }

  /** Of what is started next. */
  get release(): Release {
    return this.current;
  }

  /** The manager that was started first and not ended since. */
  get manager(): ManagerProcess {
    const [first] = this.livingManagers;
    if (!first) throw new Error('no manager runs');
    return first;
  }

  /** Those that have not ended, oldest first. */
  get livingManagers(): ManagerProcess[] {
    return this.managers.filter(({ child }) => child.exit === null);
  }

  get api(): ApiClient {
    return this.manager.api;
  }

  get origin(): string {
    return this.manager.origin;
  }

  /** Starts a manager, the first or a further one. `env` wins. */
  async startManager(env: Record<string, string> = {}): Promise<ManagerProcess> {
    const ports = { MANAGER_PORT: String(await freePort()), INTERNAL_PORT: String(await freePort()) };
    const name = `manager-${this.managers.length + 1}`;
    const manager = await ManagerProcess.start(name, this.directory, this.release, {
      RUNNER_ENTRY: this.release.bundle('agent-runner'),
      ...this.environment,
      ...ports,
      ...env,
    });
    this.managers.push(manager);
    return manager;
  }

  /** Starts a manager in place of one that has ended: on its ports. */
  startAgain(
    { origin, internalOrigin }: ManagerProcess,
    env: Record<string, string> = {},
  ): Promise<ManagerProcess> {
    return this.startManager({
      MANAGER_PORT: new URL(origin).port,
      INTERNAL_PORT: new URL(internalOrigin).port,
      ...env,
    });
  }

  /** Starts a Telegram gateway that uses `telegram_url` as the Bot API. `env` wins. */
  async startGateway(telegram_url: string, env: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.start(this, telegram_url, env);
    this.gateways.push(gateway);
    return gateway;
  }

  /** What managers, gateways and runners wrote, for whoever looks into a failure. */
  logs(lines = 60): string {
    const services = [...this.managers, ...this.gateways].map(
      ({ child }) => `${child.name}:\n${child.tail(lines)}`,
    );
    return [...services, this.runners.logs().slice(-10_000)].join('\n');
  }

  /** Ends all of it and leaves nothing behind. */
  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
    await Promise.all(this.managers.map((manager) => manager.stop()));
    this.runners.killAll();
    this.unhook();
    await Promise.all([this.model.stop(), this.redis.stop()]);
    await this.database.drop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Brings the database to what a release needs. What is started from now on is of that release. */
  async migrateTo(release: Release): Promise<void> {
    const child = await startChild({
      name: 'migrations',
      command: process.execPath,
      args: [release.bundle('manager-api', 'migrate')],
      cwd: workspaceRoot,
      env: this.environment,
      logFile: join(this.directory, 'migrate.log'),
      recordFile: join(recordsIn(this.directory), 'migrate.json'),
    });
    await waitUntil('the migrations end', () => Promise.resolve(child.exit ?? undefined), {
      deadlineMs: MIGRATE_DEADLINE_MS,
      watched: child,
    });
    if (child.exit?.code !== 0) throw new Error(`the migrations failed:\n${child.tail(20)}`);
    this.current = release;
  }
}

/** An {@link Installation} with one manager, whose runners are processes of this machine. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const installation = await Installation.prepare(options);
  try {
    await installation.startManager();
    return installation;
  } catch (error) {
    await installation.stop();
    throw error;
  }
}
