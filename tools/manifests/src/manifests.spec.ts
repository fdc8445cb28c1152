import { restrictedViolations } from '@roost/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { kustomized, root } from './kubectl';
import { type KubernetesObject, objectsOf, type PodTemplate, templateOf } from './kubernetes.object';
import { schemaFaults } from './schema.check';

/** The first rendering fetches kubectl. */
const FETCHING_MS = 240_000;

/** Variables that the documentation names; tests hold its tables to what the apps read. */
const documented = new Set(
  ['README.md', 'docs/telegram.md'].flatMap(
    (file) =>
      readFileSync(join(root, file), 'utf8').match(/\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b|\bLAUNCHER\b/g) ?? [],
  ),
);
const violations = (spec: unknown): string[] =>
  restrictedViolations(spec as Parameters<typeof restrictedViolations>[0]);
const tmp = 'emptyDir';

describe.each(['production', 'dev'])('kubectl kustomize k8s/overlays/%s', (overlay) => {
  let objects: KubernetesObject[];
  beforeAll(async () => {
    objects = objectsOf(await kustomized(`k8s/overlays/${overlay}`));
  }, FETCHING_MS);

  const of = (kind: string): KubernetesObject[] => objects.filter((object) => object.kind === kind);
  const named = (kind: string, name: string, namespace = 'roost'): KubernetesObject => {
    const found = of(kind).find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    if (!found) throw new Error(`there is no ${kind} ${namespace}/${name}`);
    return found;
  };
  const workloads = (): [string, PodTemplate][] =>
    objects.flatMap((object): [string, PodTemplate][] => {
      const template = templateOf(object);
      return template ? [[`${object.kind} ${object.metadata.name}`, template]] : [];
    });
  const ours = (): [string, PodTemplate][] =>
    workloads().filter(([, { spec }]) => spec.containers.some(({ image }) => image.startsWith('roost/')));
  const selects = (selector: Record<string, string>): string[] =>
    workloads().flatMap(([name, { metadata }]) =>
      Object.entries(selector).every(([key, value]) => metadata.labels[key] === value) ? [name] : [],
    );

  it('makes objects that Kubernetes takes, each once', async () => {
    expect(objects.length).toBeGreaterThan(30);
    const ids = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await schemaFaults(objects)).toEqual([]);
  });

  it('keeps every pod to the Pod Security Standard that its namespace enforces', () => {
    for (const { metadata } of of('Namespace'))
      expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(workloads().length).toBeGreaterThanOrEqual(5);
    for (const [name, { spec }] of workloads()) expect(violations(spec), name).toEqual([]);
  });

  it('gives our own pods a read-only root, limits, and no credential for the cluster but the manager', () => {
    for (const [name, { spec }] of ours()) {
      for (const { securityContext, resources } of spec.containers) {
        expect(securityContext, name).toMatchObject({ readOnlyRootFilesystem: true });
        expect(resources?.limits?.['memory'], name).toBeDefined();
      }
      const isManager = name === 'Deployment agent-manager';
      expect(spec.automountServiceAccountToken, name).toBe(isManager);
      expect(JSON.stringify(spec['volumes']), name).toContain(tmp);
      expect(JSON.stringify(spec), name).not.toContain('hostPath');
    }
  });

  it('lets the manager do nothing in the cluster but what a launcher does with pods of the agents', () => {
    expect(of('ClusterRole').concat(of('ClusterRoleBinding'))).toEqual([]);
    expect(of('Role').map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual([
      [
        'roost-agents',
        [
          {
            apiGroups: [''],
            resources: ['pods'],
            verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'],
          },
          { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
        ],
      ],
    ]);
    expect(of('RoleBinding')).toHaveLength(1);
  });

  it('denies all traffic in both namespaces that no policy names', () => {
    for (const namespace of ['roost', 'roost-agents'])
      expect(named('NetworkPolicy', 'default-deny', namespace).spec).toEqual({
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
      });
  });

  it('opens to runners neither PostgreSQL, nor the cluster, nor metadata, nor each other', () => {
    const rules = of('NetworkPolicy')
      .filter(({ metadata }) => metadata.namespace === 'roost-agents')
      .flatMap(({ spec }) => (spec?.['egress'] ?? []) as { to: object[]; ports?: { port: number }[] }[]);
    const ports = rules.flatMap((rule) => rule.ports?.map(({ port }) => port) ?? [null]);
    expect(new Set(ports)).toEqual(new Set([53, 3128, 6379, 8001]));
    // Redis may be at an address of its own; nothing wider is open to them.
    const blocks = rules.flatMap(({ to }) => to as { ipBlock?: { cidr: string } }[]);
    for (const { ipBlock } of blocks) if (ipBlock) expect(ipBlock.cidr).toMatch(/\/32$/);
    const ingress = of('NetworkPolicy').filter(
      ({ metadata, spec }) => metadata.namespace === 'roost-agents' && spec?.['ingress'] !== undefined,
    );
    expect(ingress).toEqual([]);
  });

  it('shows runners one way out, the proxy, which takes them and goes to public addresses alone', () => {
    const { data } = of('ConfigMap').find(({ metadata }) => metadata.name.startsWith('agent-manager')) ?? {};
    const proxy = new URL(data?.['RUNNER_EGRESS_PROXY'] ?? '');
    const [name = '', namespace] = proxy.hostname.split('.');
    const service = named('Service', name, namespace).spec as {
      selector: Record<string, string>;
      ports: { port: number }[];
    };
    expect(selects(service.selector)).toEqual(['Deployment egress-proxy']);
    expect(service.ports).toMatchObject([{ port: Number(proxy.port) }]);

    const { ingress, egress } = named('NetworkPolicy', 'egress-proxy').spec as {
      ingress: object[];
      egress: { to: { ipBlock: { except: string[] } }[]; ports: { port: number }[] }[];
    };
    const runners = { podSelector: { matchLabels: { 'app.kubernetes.io/component': 'runner' } } };
    expect(ingress).toMatchObject([{ from: [runners], ports: [{ port: Number(proxy.port) }] }]);
    expect(egress.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual([80, 443]);
    const [v4] = egress.flatMap(({ to }) => to);
    expect(v4?.ipBlock.except).toEqual(
      expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']),
    );
  });

  it('runs the proxy that the Dockerfile builds, with the private hosts that the manager opens', () => {
    const [container] = templateOf(named('Deployment', 'egress-proxy'))?.spec.containers ?? [];
    expect(container).toMatchObject({ image: 'roost/egress-proxy' });
    expect(container).not.toHaveProperty('command');
    const key = expect.objectContaining({ key: 'TOOL_ALLOWED_HOSTS', optional: true }) as object;
    expect(container?.env).toContainEqual({
      name: 'TOOL_ALLOWED_HOSTS',
      valueFrom: { configMapKeyRef: key },
    });
  });

  it('selects with budgets, autoscalers and services what there is', () => {
    for (const { metadata, spec } of of('PodDisruptionBudget')) {
      const { matchLabels } = spec?.['selector'] as { matchLabels: Record<string, string> };
      expect(selects(matchLabels), metadata.name).toHaveLength(1);
    }
    for (const { spec } of of('HorizontalPodAutoscaler')) {
      const { kind, name } = spec?.['scaleTargetRef'] as { kind: string; name: string };
      expect(named(kind, name)).toBeDefined();
      expect(spec?.['minReplicas']).toBeGreaterThanOrEqual(2);
    }
    for (const { metadata, spec } of of('Service')) {
      const [target, ...others] = selects(spec?.['selector'] as Record<string, string>);
      expect(others, metadata.name).toEqual([]);
      const ports = workloads()
        .filter(([name]) => name === target)
        .flatMap(([, template]) => template.spec.containers.flatMap((container) => container.ports ?? []));
      for (const { targetPort } of spec?.['ports'] as { targetPort: string }[])
        expect(
          ports.map(({ name }) => name),
          metadata.name,
        ).toContain(targetPort);
    }
  });

  it('probes what stays, and sets no variable that nobody reads', () => {
    for (const [name, { spec }] of ours().filter(([kind]) => kind.startsWith('Deployment')))
      for (const container of spec.containers) {
        expect(container['readinessProbe'], name).toBeDefined();
        expect(container['livenessProbe'], name).toBeDefined();
      }
    const set = ours().flatMap(([, { spec }]) =>
      spec.containers.flatMap(({ env = [], envFrom = [] }) => [
        ...env.map(({ name }) => name),
        ...envFrom.flatMap(({ configMapRef }) =>
          Object.keys(named('ConfigMap', configMapRef?.name ?? '').data ?? {}),
        ),
      ]),
    );
    expect(set.length).toBeGreaterThan(20);
    expect([...new Set(set)].filter((name) => !documented.has(name))).toEqual([]);
  });
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
