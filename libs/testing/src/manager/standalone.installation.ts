import { startPostgres, startRedis } from '@roost/devstack';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workspaceRoot } from '../workspace';
import { Installation } from './installation';

export interface StandaloneInstallation {
  /** Without a manager yet. */
  installation: Installation;
  /** Ends it and its servers, and leaves nothing behind. */
  close(): Promise<void>;
}

/** An {@link Installation} outside a test run: builds the bundles and brings PostgreSQL and Redis of its own. */
export async function prepareStandaloneInstallation(
  name: string,
  env: Record<string, string> = {},
): Promise<StandaloneInstallation> {
  const nx = join(workspaceRoot, 'node_modules', '.bin', 'nx');
  execFileSync(process.execPath, [nx, 'run-many', '-t', 'build', '-p', 'manager-api,agent-runner'], {
    cwd: workspaceRoot,
    env: { ...process.env, NX_DAEMON: 'false' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const dir = mkdtempSync(join(tmpdir(), `roost-${name}-`));
  const postgres = await startPostgres({ dataDir: join(dir, 'postgres'), persistent: false });
  const closeServers = async (): Promise<void> => {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const installation = await Installation.prepare({
      env,
      stack: {
        createDatabase: async (database = name) => ({
          ...(await postgres.createDatabase(database)),
          name: database,
          drop: () => Promise.resolve(),
        }),
        startRedis: () => startRedis({ dir: join(dir, 'redis') }),
      },
    });
    const close = async (): Promise<void> => {
      await installation.stop();
      await closeServers();
    };
    return { installation, close };
  } catch (error) {
    await closeServers();
    throw error;
  }
}
