import { describe, expect, it } from 'vitest';
import { objectsOf } from './kubernetes.object';
import { kustomized } from './kubernetes.programs';
import { describeManifests, violations } from './manifest.suite';
import { schemaFaults } from './schema.check';

const base = [
  'Deployment agent-manager',
  'Deployment egress-proxy',
  'Deployment telegram-gateway',
  'Job gateway-migrate',
  'Job manager-migrate',
];
const shared = {
  makes: ['roost', 'roost-agents'],
  ours: base,
  // DNS, the egress proxy, Redis, the manager's internal port.
  runner_ports: [53, 3128, 6379, 8001],
};

describeManifests('kubectl kustomize k8s/overlays/production', {
  ...shared,
  objects: async () => objectsOf(await kustomized('k8s/overlays/production')),
});

describeManifests('kubectl kustomize k8s/overlays/dev', {
  ...shared,
  objects: async () => objectsOf(await kustomized('k8s/overlays/dev')),
  foreign: ['postgres:17', 'redis:7', 'qdrant/qdrant:v1.19.0'],
});

describe('the checks of manifests', () => {
  const container = (changes: object = {}) => ({
    name: 'one',
    image: 'roost/one',
    securityContext: {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
      ...changes,
    },
  });

  it.each([
    ['a privileged container', { containers: [container({ privileged: true })] }],
    ['root', { containers: [container({ runAsNonRoot: false })] }],
    ['capabilities that stay', { containers: [container({ capabilities: {} })] }],
    ['no seccomp profile', { containers: [container({ seccompProfile: undefined })] }],
    ['escalation', { containers: [container({ allowPrivilegeEscalation: true })] }],
    ["the host's network", { containers: [container()], hostNetwork: true }],
    [
      'a container that begins before',
      { containers: [container()], initContainers: [container({ privileged: true })] },
    ],
    [
      "a port of the host's",
      { containers: [{ ...container(), ports: [{ containerPort: 80, hostPort: 80 }] }] },
    ],
    ["the host's files", { containers: [container()], volumes: [{ name: 'x', hostPath: { path: '/' } }] }],
  ])('see %s', (_what, spec) => {
    expect(violations({ containers: [container()] })).toEqual([]);
    expect(violations(spec)).not.toEqual([]);
  });

  it.each([
    ['a misspelt field', 'Service', { portz: [] }, 'portz'],
    ['a wrong type', 'Service', { ports: 'many' }, 'Service one'],
    ['an unknown kind', 'Servize', {}, 'Servize'],
  ])('see %s', async (_what, kind, spec, named) => {
    const service = (of: string, fields: Record<string, unknown>) => [
      { apiVersion: 'v1', kind: of, metadata: { name: 'one' }, spec: fields },
    ];
    expect(await schemaFaults(service('Service', { ports: [{ port: 80 }] }))).toEqual([]);
    const faults = await schemaFaults(service(kind, spec));
    expect(faults.join()).toContain(named);
  });
});
