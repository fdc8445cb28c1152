import type { Provider } from '@nestjs/common';
import { createDockerLauncher, type Launcher, MemoryLauncher, ProcessLauncher } from '@roost/launcher';
import { CONFIG, type ManagerConfig } from '../config';

/** Provides the {@link Launcher} that the configuration names. */
export const LAUNCHER = Symbol('Launcher');

/** What an operator runs when the runner's image is missing. */
const BUILD_HINT = 'docker compose build agent-runner-image';

export const launcherProvider: Provider = {
  provide: LAUNCHER,
  inject: [CONFIG],
  useFactory: (config: ManagerConfig): Promise<Launcher> => createLauncher(config),
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
