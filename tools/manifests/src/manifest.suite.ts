import { restrictedViolations } from '@roost/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { idOf, type KubernetesObject, type PodTemplate, templateOf } from './kubernetes.object';
import { FETCHING_MS, root } from './kubernetes.programs';
import { schemaFaults } from './schema.check';

/** Variables that the documentation names; tests hold its tables to what the apps read. */
const documented = new Set(
  ['README.md', 'docs/telegram.md'].flatMap(
    (file) =>
      readFileSync(join(root, file), 'utf8').match(/\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b|\bLAUNCHER\b/g) ?? [],
  ),
);
/** What the Pod Security Standard `restricted` has against a pod. */
export const violations = (spec: unknown): string[] =>
  restrictedViolations(spec as Parameters<typeof restrictedViolations>[0]);
const tmp = 'emptyDir';

/** What the suite has to know of an installation. */
export interface Manifests {
  objects: () => Promise<KubernetesObject[]>;
  /** Its namespace, and the one of the runners. */
  namespaces?: { own: string; agents: string };
  /** The namespaces that it makes. */
  makes: string[];
  /** All its workloads of our own images, in any order. */
  ours: string[];
  /** Images that are not ours, of databases and the like. */
  foreign?: string[];
  /** The ports on which runners may speak. */
  runner_ports: number[];
}

/** What holds for every set of manifests, however it was rendered. */
export function describeManifests(name: string, manifests: Manifests): void {
  const { own, agents } = manifests.namespaces ?? { own: 'roost', agents: 'roost-agents' };
  describe(name, () => {
    let objects: KubernetesObject[];
    beforeAll(async () => {
      objects = await manifests.objects();
    }, FETCHING_MS);

    const of = (kind: string): KubernetesObject[] => objects.filter((object) => object.kind === kind);
    const named = (kind: string, name: string, namespace = own): KubernetesObject => {
      const found = of(kind).find(
        ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
      );
      if (!found) throw new Error(`there is no ${kind} ${namespace}/${name}`);
      return found;
    };
    const workloads = (): [string, PodTemplate][] =>
      objects.flatMap((object): [string, PodTemplate][] => {
        const template = templateOf(object);
        return template ? [[`${object.kind} ${object.metadata.name}`, template]] : [];
      });
    const ours = (): [string, PodTemplate][] =>
      workloads().filter(
        ([, { spec }]) => !spec.containers.some(({ image }) => manifests.foreign?.includes(image)),
      );
    const selects = (selector: Record<string, string>): string[] =>
      workloads().flatMap(([name, { metadata }]) =>
        Object.entries(selector).every(([key, value]) => metadata.labels[key] === value) ? [name] : [],
      );

    it('makes objects that Kubernetes takes, each once', async () => {
      expect(objects.length).toBeGreaterThan(20);
      const ids = objects.map(idOf);
      expect(new Set(ids).size).toBe(ids.length);
      expect(await schemaFaults(objects)).toEqual([]);
    });

    it('keeps every pod to the Pod Security Standard that its namespace enforces', () => {
      expect(of('Namespace').map(({ metadata }) => metadata.name)).toEqual(manifests.makes);
      for (const { metadata } of of('Namespace'))
        expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
      expect(
        ours()
          .map(([workload]) => workload)
          .sort(),
      ).toEqual([...manifests.ours].sort());
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
          agents,
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
      for (const namespace of [own, agents])
        expect(named('NetworkPolicy', 'default-deny', namespace).spec).toEqual({
          podSelector: {},
          policyTypes: ['Ingress', 'Egress'],
        });
    });

    it('opens to runners neither PostgreSQL, nor the cluster, nor metadata, nor each other', () => {
      const rules = of('NetworkPolicy')
        .filter(({ metadata }) => metadata.namespace === agents)
        .flatMap(({ spec }) => (spec?.['egress'] ?? []) as { to: object[]; ports?: { port: number }[] }[]);
      const ports = rules.flatMap((rule) => rule.ports?.map(({ port }) => port) ?? [null]);
      expect(new Set(ports)).toEqual(new Set(manifests.runner_ports));
      for (const { to, ports: of } of rules)
        for (const peer of to as { ipBlock?: { cidr: string; except?: string[] } }[])
          if (peer.ipBlock?.cidr === '0.0.0.0/0') {
            expect(of?.map(({ port }) => port)).toEqual([80, 443]);
            expect(peer.ipBlock.except).toEqual(
              expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']),
            );
          }
      const ingress = of('NetworkPolicy').filter(
        ({ metadata, spec }) => metadata.namespace === agents && spec?.['ingress'] !== undefined,
      );
      expect(ingress).toEqual([]);
    });

    it('shows runners one way out, the proxy, which takes them and goes to public addresses alone', () => {
      const { data } =
        of('ConfigMap').find(({ metadata }) => metadata.name.startsWith('agent-manager')) ?? {};
      if (manifests.runner_ports.includes(443)) {
        expect(data).not.toHaveProperty('RUNNER_EGRESS_PROXY');
        return;
      }
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
      expect(container).not.toHaveProperty('command');
      for (const key of ['TOOL_ALLOWED_HOSTS', 'EGRESS_ALLOWED_HOSTS', 'OPENAI_BASE_URL'])
        expect(container?.env).toContainEqual({
          name: key,
          valueFrom: { configMapKeyRef: expect.objectContaining({ key, optional: true }) as object },
        });
    });

    it('lets Prometheus, and nobody outside, reach the ports that its annotations name', () => {
      const scraped = ours().flatMap(([name, { metadata, spec }]) => {
        const { 'prometheus.io/port': port } = metadata.annotations ?? {};
        return port === undefined ? [] : [{ name, labels: metadata.labels, port: Number(port), spec }];
      });
      expect(scraped.length).toBeGreaterThan(0);
      for (const { name, labels, port, spec } of scraped) {
        const ports = spec.containers.flatMap((container) => container.ports ?? []);
        expect(
          ports.map(({ containerPort }) => containerPort),
          name,
        ).toContain(port);
        const app = labels['app.kubernetes.io/name'] ?? '';
        const ingress = named('NetworkPolicy', app).spec?.['ingress'] as IngressRule[];
        const peers = ingress.filter((rule) => rule.ports.some((open) => open.port === port));
        const namespaces = peers.flatMap(({ from }) =>
          from.flatMap(({ namespaceSelector }) => Object.values(namespaceSelector?.matchLabels ?? {})),
        );
        expect(namespaces, name).toContain('monitoring');
        expect(namespaces, name).not.toContain('ingress-nginx');
      }
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
}

interface IngressRule {
  from: { namespaceSelector?: { matchLabels: Record<string, string> } }[];
  ports: { port: number }[];
}
