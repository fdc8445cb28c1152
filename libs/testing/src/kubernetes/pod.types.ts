/** A pod as it goes over the wire, as far as the stand-in reads it. */
export interface WirePod {
  apiVersion: 'v1';
  kind: 'Pod';
  metadata: WireMetadata;
  spec: WirePodSpec;
  status: WirePodStatus;
}

export interface WireMetadata {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
}

export interface WirePodSpec {
  nodeName?: string;
  restartPolicy?: string;
  activeDeadlineSeconds?: number;
  terminationGracePeriodSeconds?: number;
  securityContext?: WireSecurity;
  containers: WireContainer[];
  [other: string]: unknown;
}

export interface WireContainer {
  name: string;
  image: string;
  ports?: { containerPort: number; hostPort?: number }[];
  env?: { name: string; value: string }[];
  securityContext?: WireSecurity;
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
}

export interface WireSecurity {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  seccompProfile?: { type: string };
  capabilities?: { drop?: string[]; add?: string[] };
}

export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: { exitCode: number; reason: string; startedAt: string; finishedAt: string };
}

export interface WirePodStatus {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  reason?: string;
  message?: string;
  startTime?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  containerStatuses?: {
    name: string;
    image: string;
    imageID: string;
    ready: boolean;
    restartCount: number;
    state: ContainerState;
  }[];
}

/** The API server says no, in the form of a `Status`. */
export class ApiRefusal extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }

  get body(): object {
    const { code, reason, message } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  }
}
