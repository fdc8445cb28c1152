import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterClient } from './cluster.client';
import type { ResolvedKubernetesOptions } from './kubernetes.options';
import { ofInstallation } from './pod-labels';

const PAGE = 500;

/** The installation's pods and the version of the list, from which a watch goes on. */
export async function listPods(
  cluster: ClusterClient,
  { namespace, installation }: Pick<ResolvedKubernetesOptions, 'namespace' | 'installation'>,
): Promise<{ pods: V1Pod[]; version: string }> {
  const pods: V1Pod[] = [];
  let _continue: string | undefined;
  for (;;) {
    const page = await cluster.call('list pods', (options) =>
      cluster.pods.listNamespacedPod(
        {
          namespace,
          labelSelector: ofInstallation(installation),
          limit: PAGE,
          ...(_continue ? { _continue } : {}),
        },
        options,
      ),
    );
    pods.push(...page.items);
    _continue = page.metadata?._continue;
    if (!_continue) return { pods, version: page.metadata?.resourceVersion ?? '' };
  }
}
