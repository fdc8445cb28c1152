import type { Provider } from '@nestjs/common';
import {
  createDockerLauncher,
  createKubernetesLauncher,
  type Launcher,
  MemoryLauncher,
  ProcessLauncher,
} from '@roost/launcher';
import { CONFIG, type ManagerConfig } from '../config';
import { LauncherMetrics } from '../metrics/launcher.metrics';
import { MeteredLauncher } from './metered.launcher';

/** Provides the {@link Launcher} that the configuration names. */
export const LAUNCHER = Symbol('Launcher');

/** What an operator runs when the runner's image is missing. */
const BUILD_HINT = 'docker compose build agent-runner-image';
/** The same where nodes pull it. */
const PULL_HINT = 'push it to a registry that the nodes reach, and name it in RUNNER_IMAGE';

export const launcherProvider: Provider = {
  provide: LAUNCHER,
  inject: [CONFIG, LauncherMetrics],
  useFactory: async (config: ManagerConfig, metrics: LauncherMetrics): Promise<Launcher> =>
    new MeteredLauncher(await createLauncher(config), metrics),
};

async function createLauncher(config: ManagerConfig): Promise<Launcher> {
  switch (config.LAUNCHER) {
    case 'docker':
      return createDockerLauncher({
        docker_host: config.DOCKER_HOST,
        image: config.RUNNER_IMAGE,
        build_hint: BUILD_HINT,
        network: config.RUNNER_NETWORK,
        installation: config.INSTALLATION,
      });
    case 'kubernetes':
      return createKubernetesLauncher({
        namespace: config.KUBERNETES_NAMESPACE,
        ...(config.KUBERNETES_CONTEXT === undefined ? {} : { context: config.KUBERNETES_CONTEXT }),
        image: config.RUNNER_IMAGE,
        build_hint: PULL_HINT,
        installation: config.INSTALLATION,
        stop_grace_seconds: config.STOP_GRACE_SECONDS,
      });
    case 'process':
      return new ProcessLauncher({
        build_hint: 'npx nx run agent-runner:build',
        entry: config.RUNNER_ENTRY,
        state_dir: config.RUNNER_STATE_DIR,
        production: config.NODE_ENV === 'production',
      });
    case 'memory':
      return memoryPlatform(config.INSTALLATION);
  }
}

const memoryPlatforms = new Map<string, MemoryLauncher>();

/** As managers share an engine, those of one process and installation share their instances. */
function memoryPlatform(installation: string): MemoryLauncher {
  const platform = memoryPlatforms.get(installation) ?? new MemoryLauncher();
  memoryPlatforms.set(installation, platform);
  return platform;
}
