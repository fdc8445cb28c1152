import { requireFreePort } from '@roost/devstack';
import { say, step } from '../setup/progress.mjs';
import { announcement, dependencies } from './announcement';
import type { LocalConfig } from './config';
import { ensureDemoAgent } from './demo.agent';
import { endLeftovers } from './leftover.sweep';
import type { Paths } from './paths';
import { endRunners } from './runner.sweep';
import { localSecrets } from './secrets.store';
import type { Service, StackContext } from './service';
import { apps, reloadingApps, servers } from './services';
import { takeStackLock, type StackLock } from './stack.lock';
import { StackSupervisor } from './stack.supervisor';

export interface LocalStackOptions {
  paths: Paths;
  config: LocalConfig;
  /** `all` runs everything, `reload` restarts apps when their sources change, `deps` leaves the apps out. */
  mode: 'all' | 'reload' | 'deps';
  /** What has to be there before anything starts: programs, bundles. */
  prepare(stack: StackContext): Promise<void>;
}

const ending = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the local stack until a signal asks for its end; resolves with the exit code.
 *
 * @throws {DevstackError} another copy runs, a port is taken, or something cannot be installed.
 */
export async function runLocalStack({ paths, config, mode, prepare }: LocalStackOptions): Promise<number> {
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ending) {
      process.once(signal, () => {
        resolve('interrupted');
        // Whoever asks twice does not want to wait; children still get their signal.
        process.once(signal, () => process.exit(130));
      });
    }
  });
  const appRows = appsOf(mode);
  const supervisor = new StackSupervisor();
  const stack: StackContext = {
    paths,
    config,
    secrets: localSecrets(paths.secrets),
    env: { ...process.env },
  };
  const lock = takeStackLock(paths.lock);
  try {
    const started = bringUp(supervisor, stack, lock, appRows, prepare);
    if ((await Promise.race([started, interrupted])) === 'interrupted') return 130;
    await Promise.race([supervisor.death, interrupted]);
    return 0;
  } finally {
    await step('Stopping', async () => {
      // First while the manager serves: what they hold is finished or handed back, and their end is no crash.
      await endRunners(paths.runners);
      await supervisor.stop(new Set(appRows.map(({ label }) => label)), () => endRunners(paths.runners));
    });
    lock.release();
  }
}

async function bringUp(
  supervisor: StackSupervisor,
  stack: StackContext,
  lock: StackLock,
  appRows: Service[],
  prepare: (stack: StackContext) => Promise<void>,
): Promise<void> {
  const { paths, config, env } = stack;
  if (lock.takenOver) {
    say('The last run was killed: ending what it left behind.');
    await endLeftovers(paths);
  }
  if (appRows.length > 0) {
    await requireFreePort(config.managerPort, 'MANAGER_PORT');
    await requireFreePort(config.internalPort, 'INTERNAL_PORT');
    await requireFreePort(config.gatewayPort, 'GATEWAY_PORT');
  }
  await prepare(stack);
  await supervisor.start([...servers, ...appRows], stack);
  lock.update({ database_url: env['DATABASE_URL'] ?? '', redis_url: env['REDIS_URL'] ?? '' });
  if (appRows.length === 0) {
    console.log(dependencies(env));
    return;
  }
  const manager_url = `http://127.0.0.1:${config.managerPort}`;
  const api_key = stack.secrets.bootstrap_api_key;
  const agent_id = await ensureDemoAgent(manager_url, api_key, config.demoModelName);
  lock.update({ manager_url, api_key, agent_id });
  console.log(announcement({ manager_url, api_key, agent_id }, Boolean(config.openaiApiKey)));
}

function appsOf(mode: LocalStackOptions['mode']): Service[] {
  switch (mode) {
    case 'all':
      return apps;
    case 'reload':
      return reloadingApps;
    case 'deps':
      return [];
  }
}
