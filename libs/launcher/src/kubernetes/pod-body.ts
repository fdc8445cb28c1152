import type { V1Pod } from '@kubernetes/client-node';
import { instanceName } from '../instance-name';
import type { InstanceSpec } from '../launcher';
import type { ResolvedKubernetesOptions } from './kubernetes.options';
import { CONTAINER, FINALIZER, labelValue, MARK } from './pod-labels';

/** The user `node` of the official Node images. */
const USER = 1000;

type BodyOptions = Pick<
  ResolvedKubernetesOptions,
  'image' | 'installation' | 'namespace' | 'stop_grace_seconds'
>;

/** The pod of one instance, within the Pod Security profile `restricted`. Hardening is decided here and nowhere else. */
export function podBody(spec: InstanceSpec, options: BodyOptions): V1Pod {
  const marks = marksOf(spec, options.installation);
  const resources = { memory: `${spec.limits.memory_mb}Mi`, cpu: `${Math.round(spec.limits.cpus * 1000)}m` };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: instanceName(options.installation, spec.instance_id),
      namespace: options.namespace,
      labels: {
        'app.kubernetes.io/name': 'agent-runner',
        'app.kubernetes.io/managed-by': 'roost',
        'app.kubernetes.io/part-of': 'roost',
        // What network policies know runners by.
        'app.kubernetes.io/component': 'runner',
        ...Object.fromEntries(Object.entries(marks).map(([name, value]) => [name, labelValue(value)])),
      },
      annotations: marks,
      finalizers: [FINALIZER],
    },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: Math.max(1, Math.ceil(options.stop_grace_seconds)),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: CONTAINER,
          image: options.image,
          imagePullPolicy: 'IfNotPresent',
          env: Object.entries(spec.env).map(([name, value]) => ({ name, value: verbatim(value) })),
          resources: { requests: resources, limits: resources },
          securityContext: {
            allowPrivilegeEscalation: false,
            privileged: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }],
    },
  };
}

function marksOf(spec: InstanceSpec, installation: string): Record<string, string> {
  return {
    [MARK.installation]: installation,
    [MARK.instance_id]: spec.instance_id,
    ...(spec.agent_id === null ? {} : { [MARK.agent_id]: spec.agent_id }),
    ...(spec.generation === null ? {} : { [MARK.generation]: String(spec.generation) }),
  };
}

/** Kubernetes expands `$(NAME)` in values; `$$` stands for one `$`. */
const verbatim = (value: string): string => value.replaceAll('$', () => '$$');
