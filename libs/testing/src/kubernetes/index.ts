export { KubernetesStandIn, type KubernetesStandInOptions } from './kubernetes.stand-in';
export type { KubernetesFaults } from './kubernetes.faults';
export { restrictedViolations } from './pod-security';
