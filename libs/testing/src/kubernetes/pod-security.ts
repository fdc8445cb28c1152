import type { WireContainer, WirePodSpec } from './pod.types';

/** What the Pod Security Standard `restricted` has against a pod, in the words of its admission plugin. */
export function restrictedViolations(spec: WirePodSpec): string[] {
  const pod = spec.securityContext ?? {};
  const containers = ['initContainers', 'ephemeralContainers'].reduce(
    (all, kind) => [...all, ...((spec[kind] ?? []) as WireContainer[])],
    spec.containers,
  );
  const violations = containers.flatMap(({ securityContext: own = {}, ports = [] }) => [
    ...(ports.some(({ hostPort = 0 }) => hostPort !== 0) ? ['hostPort'] : []),
    ...(own.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation != false']),
    ...(own.privileged === true ? ['privileged'] : []),
    ...(own.capabilities?.drop?.includes('ALL') ? [] : ['unrestricted capabilities']),
    ...((own.capabilities?.add ?? []).some((one) => one !== 'NET_BIND_SERVICE')
      ? ['added capabilities']
      : []),
    ...((own.runAsNonRoot ?? pod.runAsNonRoot) === true ? [] : ['runAsNonRoot != true']),
    ...((own.runAsUser ?? pod.runAsUser) === 0 ? ['runAsUser=0'] : []),
    ...(['RuntimeDefault', 'Localhost'].includes((own.seccompProfile ?? pod.seccompProfile)?.type ?? '')
      ? []
      : ['seccompProfile']),
  ]);
  const volumes = (spec['volumes'] ?? []) as Record<string, unknown>[];
  const allowed = [
    ...['name', 'emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI', 'csi', 'ephemeral'],
    'persistentVolumeClaim',
  ];
  if (volumes.some((volume) => Object.keys(volume).some((kind) => !allowed.includes(kind)))) {
    violations.push('restricted volume types');
  }
  for (const share of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (spec[share] === true) violations.push('host namespaces');
  }
  return violations;
}
