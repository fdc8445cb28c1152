import type { DockerLauncher } from './docker.launcher';
import type { DockerLauncherOptions } from './docker.options';

/** Loads the engine's client, which is large, only for those who launch with it. */
export async function createDockerLauncher(options: DockerLauncherOptions): Promise<DockerLauncher> {
  const { DockerLauncher } = await import('./docker.launcher');
  return new DockerLauncher(options);
}
