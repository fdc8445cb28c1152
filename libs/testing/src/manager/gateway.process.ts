import { readFileSync } from 'node:fs';
import { freePort, type ManagedChild, startChild, waitUntil } from '@roost/devstack';
import { join } from 'node:path';
import { workspaceRoot } from '../workspace';
import type { Installation } from './installation';
import { recordsIn } from './run.directory';

const READY_DEADLINE_MS = 30_000;
const MIGRATE_DEADLINE_MS = 60_000;

/** A Telegram gateway as it runs in production: the bundle, in a process of its own. */
export class GatewayProcess {
  private constructor(
    readonly child: ManagedChild,
    /** Of health checks and webhooks. */
    readonly origin: string,
    readonly metricsUrl: string,
    private readonly logFile: string,
  ) {}

  /** The database as the gateway's own role. */
  static databaseUrl({ database }: Installation): string {
    const url = new URL(database.url);
    url.username = `${database.name}_telegram`;
    url.password = 'for-tests';
    return url.href;
  }

  /** Brings about the gateway's role and schema, and starts one that uses `telegram_url` as the Bot API. */
  static async start(
    installation: Installation,
    telegram_url: string,
    env: Record<string, string> = {},
  ): Promise<GatewayProcess> {
    const { environment, manager, database, release } = installation;
    const port = Number(env['GATEWAY_PORT'] ?? (await freePort()));
    const metricsPort = await freePort();
    const own = {
      PATH: environment['PATH'] ?? '',
      NODE_ENV: 'test',
      DATABASE_URL: GatewayProcess.databaseUrl(installation),
      REDIS_URL: environment['REDIS_URL'] ?? '',
      MANAGER_URL: manager.origin,
      MANAGER_INTERNAL_URL: manager.internalOrigin,
      GATEWAY_API_KEY: environment['GATEWAY_API_KEY'] ?? '',
      GATEWAY_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      METRICS_PORT: String(metricsPort),
      TELEGRAM_API_URL: telegram_url,
      TELEGRAM_POLL_SECONDS: '5',
      TELEGRAM_WEBHOOK_URL: `http://127.0.0.1:${port}`,
      ...env,
    };
    await migrate(installation, { ...own, ADMIN_DATABASE_URL: database.url });
    const name = `telegram-gateway-${port}`;
    const logFile = join(installation.directory, `${name}.log`);
    const child = await startChild({
      name,
      command: process.execPath,
      args: [release.bundle('telegram-gateway')],
      cwd: workspaceRoot,
      env: own,
      logFile,
      recordFile: join(recordsIn(installation.directory), `${name}.json`),
    });
    const origin = `http://127.0.0.1:${port}`;
    await waitUntil('the gateway is ready', () => isReady(origin), {
      deadlineMs: READY_DEADLINE_MS,
      watched: child,
    });
    return new GatewayProcess(child, origin, `http://127.0.0.1:${metricsPort}/metrics`, logFile);
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Asks it to end, and resolves when it has. */
  async stop(): Promise<void> {
    await this.child.stop(25_000);
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    process.kill(this.child.pid, 'SIGKILL');
    await this.child.exited;
  }
}

async function migrate({ directory, release }: Installation, env: Record<string, string>): Promise<void> {
  const name = `telegram-migrate-${env['GATEWAY_PORT'] ?? ''}`;
  const child = await startChild({
    name,
    command: process.execPath,
    args: [release.bundle('telegram-gateway', 'migrate')],
    cwd: workspaceRoot,
    env,
    logFile: join(directory, `${name}.log`),
    recordFile: join(recordsIn(directory), `${name}.json`),
  });
  await waitUntil('the migrations of the gateway end', () => Promise.resolve(child.exit ?? undefined), {
    deadlineMs: MIGRATE_DEADLINE_MS,
    watched: child,
  });
  if (child.exit?.code !== 0) throw new Error(`the migrations of the gateway failed:\n${child.tail(20)}`);
}

async function isReady(origin: string): Promise<true | undefined> {
  try {
    return (await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok || undefined;
  } catch {
    return undefined;
  }
}
