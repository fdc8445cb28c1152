import type { KubernetesLauncher } from './kubernetes.launcher';
import type { KubernetesLauncherOptions } from './kubernetes.options';

/** Loads the cluster's client, which is large, only for those who launch with it. */
export async function createKubernetesLauncher(
  options: KubernetesLauncherOptions,
): Promise<KubernetesLauncher> {
  const { KubernetesLauncher } = await import('./kubernetes.launcher');
  return new KubernetesLauncher(options);
}
