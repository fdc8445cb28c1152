/** How to reach the cluster, and what every instance on it is made of. */
export interface KubernetesLauncherOptions {
  /** The namespace of instances, and of nothing else. */
  namespace: string;
  /** The API server's address, without credentials. Default: in-cluster configuration, or KUBECONFIG. */
  server?: string;
  /** A context of the kubeconfig. Default: its current one. */
  context?: string;
  /** The runner's image, as nodes pull it. */
  image: string;
  /** What makes the image available to nodes; named when they cannot get it. */
  build_hint: string;
  /** Label value that tells this installation's pods from any other's in the namespace. */
  installation: string;
  /** Seconds between SIGTERM and the kill; a stop may shorten it and cannot lengthen it. */
  stop_grace_seconds: number;
  /** Milliseconds one call may take; stopping may take the grace period on top. Default 10,000. */
  call_timeout_ms?: number;
}

export type ResolvedKubernetesOptions = Required<Omit<KubernetesLauncherOptions, 'server' | 'context'>> &
  Pick<KubernetesLauncherOptions, 'server' | 'context'>;

export const resolveOptions = (options: KubernetesLauncherOptions): ResolvedKubernetesOptions => ({
  ...options,
  call_timeout_ms: options.call_timeout_ms ?? 10_000,
});
