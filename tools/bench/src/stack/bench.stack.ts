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
}

/** No message is refused for being one of many. */
const noLimits = {
  MESSAGES_PER_MINUTE: '1000000',
  THREAD_MESSAGES_PER_MINUTE: '1000000',
  CONNECTIONS_PER_MINUTE: '1000000',
  CONNECTIONS_MAX: '1000000',
  PENDING_MESSAGES_MAX: '100000',
};

/** PostgreSQL (fsync on), Redis, the model stub and the manager's bundle, each a process of its own. */
export class BenchStack {
  private readonly closers: (() => Promise<void> | void)[] = [];
  private readonly forget = closeOnInterrupt(() => this.close());
  private readonly dir: string;
  private readonly runners: string;
  api!: ManagerApi;
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
    await this.startManager(redis, await this.stub.call<string>('url'));
  }

  private async startRedis(): Promise<string> {
    const redis = await startRedis({ dir: join(this.dir, 'redis'), persistent: false });
    this.closers.push(() => redis.stop());
    return redis.url;
  }

  private async startManager(redis_url: string, model_url: string): Promise<void> {
    const key = `roost_${randomBytes(32).toString('base64url')}`;
    const port = await freePort();
    const env = {
      PATH: process.env['PATH'],
      NODE_ENV: 'development',
      DATABASE_URL: this.database_url,
      REDIS_URL: redis_url,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      BOOTSTRAP_API_KEY: key,
      MANAGER_HOST: '127.0.0.1',
      MANAGER_PORT: String(port),
      INTERNAL_PORT: String(await freePort()),
      LAUNCHER: 'process',
      RUNNER_ENTRY: this.options.runner_entry ?? runnerEntry,
      RUNNER_STATE_DIR: this.runners,
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: model_url,
      ...noLimits,
      ...this.options.manager_env,
    };
    await run(process.execPath, [migrateEntry], { env });
    const { profile } = this.options;
    const manager = await startChild({
      name: 'the manager',
      command: process.execPath,
      args: [...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []), managerEntry],
      cwd: this.dir,
      env,
      logFile: join(this.dir, 'manager.log'),
      recordFile: join(this.dir, 'manager.json'),
    });
    // Runners outlive their manager.
    this.closers.push(() => this.endRunners());
    this.closers.push(() => manager.stop(20_000));
    this.api = new ManagerApi(`http://127.0.0.1:${port}`, key);
    await ready(this.api.url, manager);
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
