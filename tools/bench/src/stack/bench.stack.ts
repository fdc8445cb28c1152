import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  endProcess,
  freePort,
  isAlive,
  type ManagedChild,
  type ProcessIdentity,
  startChild,
  startPostgres,
  startRedis,
  waitUntil,
} from '@roost/devstack';
import { closeOnInterrupt } from '../interrupt';
import { Program } from '../programs/program';
import { managerEntry, migrateEntry, run, runnerEntry, scratchDir } from '../workspace';
import { ManagerApi } from './manager.api';

export interface StackOptions {
  name: string;
  /** Program of the runners. */
  runner_entry?: string;
  /** Further settings of the manager. */
  manager_env?: Record<string, string>;
  /** A Redis that is running already. */
  redis_url?: string;
  /** Where CPU profiles of the manager go. */
  profile?: string | null;
  /** Further arguments of the manager's Node.js. */
  node_args?: string[];
}

/** No message is refused for being one of many. */
const noLimits = {
  MESSAGES_PER_MINUTE: '1000000',
  THREAD_MESSAGES_PER_MINUTE: '1000000',
  CONNECTIONS_PER_MINUTE: '1000000',
  CONNECTIONS_MAX: '1000000',
  PENDING_MESSAGES_MAX: '100000',
};

/** One manager's bundle in a process of its own. */
export interface BenchManager {
  api: ManagerApi;
  /** Of the internal port. */
  internal_url: string;
  pid: number;
  stop(): Promise<void>;
}

/** PostgreSQL (fsync on), Redis, the model stub and the manager's bundle, each a process of its own. */
export class BenchStack {
  private readonly closers: (() => Promise<void> | void)[] = [];
  private readonly forget = closeOnInterrupt(() => this.close());
  private readonly dir: string;
  private readonly runners: string;
  private settings: Record<string, string | undefined> = {};
  private managers = 0;
  /** The manager that was started first. */
  manager!: BenchManager;
  stub!: Program;
  database_url!: string;

  private constructor(private readonly options: StackOptions) {
    this.dir = scratchDir(options.name);
    this.runners = join(this.dir, 'runners');
    mkdirSync(this.runners);
    this.closers.push(() => rmSync(this.dir, { recursive: true, force: true }));
  }

  static async start(options: StackOptions): Promise<BenchStack> {
    const stack = new BenchStack(options);
    try {
      await stack.open();
      return stack;
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  get api(): ManagerApi {
    return this.manager.api;
  }

  /** Starts a manager, the first or a further one. */
  async startManager(): Promise<BenchManager> {
    const name = `manager-${(this.managers += 1)}`;
    const { profile, node_args = [] } = this.options;
    const env: Record<string, string | undefined> = {
      MANAGER_PORT: String(await freePort()),
      INTERNAL_PORT: String(await freePort()),
      ...this.settings,
    };
    const child = await startChild({
      name,
      command: process.execPath,
      args: [...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []), ...node_args, managerEntry],
      cwd: this.dir,
      env,
      logFile: join(this.dir, `${name}.log`),
      recordFile: join(this.dir, `${name}.json`),
    });
    const stop = (): Promise<void> => child.stop(20_000);
    this.closers.push(stop);
    const at = (port: string | undefined): string => `http://127.0.0.1:${port ?? ''}`;
    const api = new ManagerApi(at(env['MANAGER_PORT']), env['BOOTSTRAP_API_KEY'] ?? '');
    await ready(api.url, child);
    return { api, internal_url: at(env['INTERNAL_PORT']), pid: child.pid, stop };
  }

  /** The running runner processes, oldest first. */
  runnerProcesses(): ProcessIdentity[] {
    return readdirSync(this.runners)
      .flatMap((folder) => processOf(join(this.runners, folder, 'instance.json')) ?? [])
      .filter(isAlive);
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
    this.forget();
  }

  private async open(): Promise<void> {
    const { redis_url } = this.options;
    const postgres = await startPostgres({ dataDir: join(this.dir, 'postgres'), persistent: false });
    this.closers.push(() => postgres.stop());
    this.database_url = (await postgres.createDatabase('bench')).url;
    const redis = redis_url ?? (await this.startRedis());
    this.stub = await Program.start('stub');
    this.closers.push(() => this.stub.stop());
    this.settings = this.settingsOf(redis, await this.stub.call<string>('url'));
    await run(process.execPath, [migrateEntry], { env: this.settings });
    // Runners outlive their managers.
    this.closers.push(() => this.endRunners());
    this.manager = await this.startManager();
  }

  private async startRedis(): Promise<string> {
    const redis = await startRedis({ dir: join(this.dir, 'redis'), persistent: false });
    this.closers.push(() => redis.stop());
    return redis.url;
  }

  private settingsOf(redis_url: string, model_url: string): Record<string, string | undefined> {
    return {
      PATH: process.env['PATH'],
      NODE_ENV: 'development',
      DATABASE_URL: this.database_url,
      REDIS_URL: redis_url,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      BOOTSTRAP_API_KEY: `roost_${randomBytes(32).toString('base64url')}`,
      MANAGER_HOST: '127.0.0.1',
      LAUNCHER: 'process',
      RUNNER_ENTRY: this.options.runner_entry ?? runnerEntry,
      RUNNER_STATE_DIR: this.runners,
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: model_url,
      ...noLimits,
      ...this.options.manager_env,
    };
  }

  private async endRunners(): Promise<void> {
    await Promise.all(this.runnerProcesses().map((runner) => endProcess(runner, 'SIGTERM', 10_000)));
  }
}

async function ready(url: string, manager: ManagedChild): Promise<void> {
  const answers = () =>
    fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => (ok ? true : undefined),
      () => undefined,
    );
  await waitUntil('the manager is ready', answers, { deadlineMs: 60_000, watched: manager });
}

function processOf(file: string): ProcessIdentity | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { process: ProcessIdentity | null }).process;
  } catch {
    // A folder that is being made or removed.
    return null;
  }
}
