import { freePort, type SharedStack, startPostgres, startRedis, type TestRedis } from '@roost/devstack';
import { Installation } from '@roost/testing';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InspectedHeap } from './inspected.heap';

const root = join(import.meta.dirname, '../../..');

export interface SoakStack {
  installation: Installation;
  heap: InspectedHeap;
  close(): Promise<void>;
}

/** One installation with servers of its own, whose manager's heap can be looked into. */
export async function startSoakStack(): Promise<SoakStack> {
  const nx = join(root, 'node_modules', '.bin', 'nx');
  execFileSync(process.execPath, [nx, 'run-many', '-t', 'build', '-p', 'manager-api,agent-runner'], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const dir = mkdtempSync(join(tmpdir(), 'roost-soak-'));
  const postgres = await startPostgres({ dataDir: join(dir, 'postgres'), persistent: false });
  const stack: SharedStack = {
    createDatabase: async (name = 'soak') => {
      const database = await postgres.createDatabase(name);
      return { ...database, name, drop: () => Promise.resolve() };
    },
    startRedis: (): Promise<TestRedis> => startRedis({ dir: join(dir, 'redis') }),
  };
  const close = async (installation?: Installation): Promise<void> => {
    await installation?.stop();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  let installation: Installation | undefined;
  try {
    installation = await Installation.prepare({ stack, env: { AGENT_INACTIVITY_CHECK_INTERVAL: '1' } });
    const port = await freePort();
    await installation.startManager({ NODE_OPTIONS: `--inspect=127.0.0.1:${port}` });
    const heap = await InspectedHeap.open(port);
    const started = installation;
    return {
      installation,
      heap,
      close: async () => {
        heap.close();
        await close(started);
      },
    };
  } catch (error) {
    await close(installation);
    throw error;
  }
}
