import { type ManagedChild, startChild, waitUntil } from '@roost/devstack';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../api.client';
import { type Release, workspaceRoot } from '../workspace';
import { recordsIn } from './run.directory';

const READY_DEADLINE_MS = 30_000;

/** A manager as it runs in production: the bundle, in a process of its own. */
export class ManagerProcess {
  private constructor(
    readonly child: ManagedChild,
    /** Of the public port. */
    readonly origin: string,
    /** Of the internal port. */
    readonly internalOrigin: string,
    /** The REST API with the bootstrap key. */
    readonly api: ApiClient,
    private readonly logFile: string,
  ) {}

  /** Resolves when it is ready. `name` names its log file. */
  static async start(
    name: string,
    directory: string,
    release: Release,
    env: Record<string, string>,
  ): Promise<ManagerProcess> {
    const logFile = join(directory, `${name}.log`);
    const child = await startChild({
      name,
      command: process.execPath,
      args: [release.bundle('manager-api')],
      cwd: workspaceRoot,
      env,
      logFile,
      recordFile: join(recordsIn(directory), `${name}.json`),
    });
    const origin = `http://127.0.0.1:${env['MANAGER_PORT'] ?? ''}`;
    const internalOrigin = `http://127.0.0.1:${env['INTERNAL_PORT'] ?? ''}`;
    await waitUntil('the manager is ready', () => isReady(origin), {
      deadlineMs: READY_DEADLINE_MS,
      watched: child,
    });
    const api = new ApiClient(origin, env['BOOTSTRAP_API_KEY'] ?? null);
    return new ManagerProcess(child, origin, internalOrigin, api, logFile);
  }

  /** Asks it to end, and resolves when it has. */
  async stop(): Promise<void> {
    await this.child.stop(25_000);
  }

  /** Ends it as a power cut does; its runners go on. */
  async kill(): Promise<void> {
    process.kill(this.child.pid, 'SIGKILL');
    await this.child.exited;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }
}

async function isReady(origin: string): Promise<true | undefined> {
  try {
    return (await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok || undefined;
  } catch {
    return undefined;
  }
}
