import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { CHART, chartFile, renderedChart } from './chart';
import { idOf, type KubernetesObject, objectsOf, templateOf } from './kubernetes.object';
import { FETCHING_MS, helm, root } from './kubernetes.programs';
import { describeManifests, violations } from './manifest.suite';
import { schemaFaults } from './schema.check';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const manager = ['Deployment agent-manager', 'Job manager-migrate'];
const gateway = ['Deployment telegram-gateway', 'Job gateway-migrate'];
const proxy = 'Deployment egress-proxy';

const without = { enabled: false };
/** Everything that is on by default, off. */
const bare = {
  manager: { autoscaling: without, podDisruptionBudget: without, replicas: 1, env: { QDRANT_URL: null } },
  gateway: without,
  egress: { proxy: without },
  ingress: without,
  networkPolicies: without,
  topologySpread: { topologyKeys: [] },
  agents: { createNamespace: false },
  knowledge: { existingClaim: 'documents' },
};
/** Another value for everything that has a name or a size. */
const own = {
  images: {
    registry: 'registry.example/team',
    tag: '1.2.3',
    pullPolicy: 'Always',
    pullSecrets: [{ name: 'registry' }],
    manager: { digest: DIGEST },
    runner: { tag: '1.2.4' },
    egressProxy: { registry: 'proxies.example:5000', repository: 'squid/squid' },
  },
  manager: {
    existingSecret: '2024',
    env: { RUNNING_AGENTS_MAX: 50, LOG_LEVEL: 'debug' },
    autoscaling: { minReplicas: 3, maxReplicas: 9, targetCpuUtilization: 50 },
    podDisruptionBudget: { maxUnavailable: '25%' },
    resources: { limits: { cpu: 4, memory: '2Gi' } },
    migration: { resources: { limits: { memory: '1Gi' } } },
    serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/roost' } },
  },
  gateway: { existingSecret: 'gateway', env: { TELEGRAM_WEBHOOK_URL: 'https://bots.acme.example' } },
  agents: { namespace: 'acme-agents', quota: { pods: 200, 'limits.cpu': 100, 'limits.memory': '100Gi' } },
  egress: { direct: true, except: ['203.0.113.0/24', '2001:db8::/32'], proxy: { replicas: 3 } },
  knowledge: { storageClass: '1', size: '50Gi' },
  ingress: { className: 'traefik', host: 'roost.acme.example', telegramHost: '', tlsSecret: 'acme-tls' },
  networkPolicies: {
    ingressNamespace: 'traefik',
    dns: { podLabels: { 'k8s-app': 'coredns' } },
    clusterApi: { to: [{ ipBlock: { cidr: '10.0.0.1/32' } }], ports: [6443] },
    postgresql: {
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'databases' } },
          podSelector: { matchLabels: { 'cnpg.io/cluster': 'roost' } },
        },
      ],
    },
    redis: { to: [{ ipBlock: { cidr: '10.1.0.2/32' } }], port: 6380 },
    qdrant: { to: [] },
    collector: { to: [{ podSelector: { matchLabels: { app: 'collector' } } }], port: 4319 },
  },
  topologySpread: { maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' },
};

describeManifests('helm template k8s/chart', {
  objects: () => renderedChart(),
  makes: ['roost-agents'],
  ours: [...manager, ...gateway, proxy],
  runner_ports: [53, 3128, 6379, 8001],
});

describeManifests('helm template k8s/chart, without Telegram and with direct ways out', {
  objects: () => renderedChart({ gateway: without, egress: { direct: true } }),
  makes: ['roost-agents'],
  ours: [...manager, proxy],
  runner_ports: [53, 80, 443, 3128, 6379, 8001],
});

describeManifests('helm template k8s/chart, with names of your own', {
  objects: () => renderedChart(own, 'acme'),
  namespaces: { own: 'acme', agents: 'acme-agents' },
  makes: ['acme-agents'],
  ours: [...manager, ...gateway, proxy],
  runner_ports: [53, 80, 443, 3128, 4319, 6380, 8001],
});

describe('k8s/chart', { timeout: FETCHING_MS }, () => {
  const find = (objects: KubernetesObject[], id: string): KubernetesObject => {
    const found = objects.find((object) => idOf(object) === id);
    if (!found) throw new Error(`there is no ${id}`);
    return found;
  };
  const podsOf = (objects: KubernetesObject[]) => objects.flatMap((object) => templateOf(object) ?? []);
  const dataOf = async (env: object): Promise<Record<string, string>> =>
    find(await renderedChart({ manager: { env } }), 'ConfigMap roost/agent-manager').data ?? {};
  const managerOf = async (values: object): Promise<any> =>
    find(await renderedChart(values), 'Deployment roost/agent-manager').spec;

  it('passes helm lint --strict', async () => {
    expect(await helm('lint', '--strict', CHART)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  it('has the version of the workspace as the version of its app', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(parse(chartFile('Chart.yaml'))).toMatchObject({ appVersion: version });
  });

  it('makes only what the manager needs when all else is off', async () => {
    const objects = await renderedChart(bare);
    expect(objects.map(idOf).sort()).toEqual([
      'ConfigMap roost/agent-manager',
      'Deployment roost/agent-manager',
      'Job roost/manager-migrate',
      'Role roost-agents/agent-manager',
      'RoleBinding roost-agents/agent-manager',
      'Service roost/agent-manager',
      'Service roost/agent-manager-internal',
      'ServiceAccount roost/agent-manager',
    ]);
    expect(await schemaFaults(objects)).toEqual([]);
    for (const { spec } of podsOf(objects)) expect(violations(spec)).toEqual([]);
    const { spec } = find(objects, 'Deployment roost/agent-manager');
    expect(spec).toMatchObject({ replicas: 1 });
    expect(JSON.stringify(spec)).not.toContain('topologySpreadConstraints');
    expect(JSON.stringify(spec)).toContain('"persistentVolumeClaim":{"claimName":"documents"}');
  });

  it('opens a way to a collector where one is named, as components/tracing does, and else none', async () => {
    const component = objectsOf(readFileSync(join(root, 'k8s/components/tracing/network.yaml'), 'utf8'));
    const [to] = (component[0]?.spec as any).egress;
    const policies = async (values: object): Promise<KubernetesObject[]> =>
      (await renderedChart(values)).filter(({ metadata }) => metadata.name.endsWith('tracing'));
    const rendered = await policies({ networkPolicies: { collector: { to: to.to } } });
    expect(rendered.map(idOf).sort()).toEqual(component.map(idOf).sort());
    for (const policy of component) expect(find(rendered, idOf(policy)).spec).toEqual(policy.spec);
    expect(await policies({})).toEqual([]);
  });

  it('puts pods and their migrations on nodes of your own, each app on its own', async () => {
    const toleration = { key: 'pool', operator: 'Equal', value: 'roost', effect: 'NoSchedule' };
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } };
    const objects = await renderedChart({
      manager: { nodeSelector: { pool: 'managers' }, tolerations: [toleration], affinity },
      gateway: { nodeSelector: { pool: 'gateways' } },
      egress: { proxy: { tolerations: [toleration] } },
    });
    const scheduled = (id: string) => {
      const { nodeSelector, tolerations, affinity } = (find(objects, id).spec as any).template.spec;
      return { nodeSelector, tolerations, affinity };
    };
    for (const id of ['Deployment roost/agent-manager', 'Job roost/manager-migrate'])
      expect(scheduled(id)).toEqual({
        nodeSelector: { pool: 'managers' },
        tolerations: [toleration],
        affinity,
      });
    for (const id of ['Deployment roost/telegram-gateway', 'Job roost/gateway-migrate'])
      expect(scheduled(id)).toEqual({ nodeSelector: { pool: 'gateways' } });
    expect(scheduled('Deployment roost/egress-proxy')).toEqual({ tolerations: [toleration] });
  });

  describe('with names and sizes of your own', () => {
    let rendered: KubernetesObject[];
    beforeAll(async () => {
      rendered = await renderedChart(own, 'acme');
    }, FETCHING_MS);
    const deployment = (name: string): any => find(rendered, `Deployment acme/${name}`).spec;

    it('pulls images from your registry, by digest before tag, with your Secrets', () => {
      const images = podsOf(rendered).flatMap(({ spec }) => spec.containers.map(({ image }) => image));
      expect(images.sort()).toEqual([
        'proxies.example:5000/squid/squid:1.2.3',
        'registry.example/team/roost/agent-manager-migrate:1.2.3',
        `registry.example/team/roost/agent-manager@${DIGEST}`,
        'registry.example/team/roost/telegram-gateway-migrate:1.2.3',
        'registry.example/team/roost/telegram-gateway:1.2.3',
      ]);
      expect(find(rendered, 'ConfigMap acme/agent-manager').data).toMatchObject({
        RUNNER_IMAGE: 'registry.example/team/roost/agent-runner:1.2.4',
        RUNNER_CONFIG_ORIGIN: 'http://agent-manager-internal.acme.svc:8001',
        KUBERNETES_NAMESPACE: 'acme-agents',
        RUNNING_AGENTS_MAX: '50',
        LOG_LEVEL: 'debug',
      });
      for (const { spec } of podsOf(rendered)) {
        expect(spec).toMatchObject({ imagePullSecrets: [{ name: 'registry' }] });
        expect(spec.containers[0]).toMatchObject({ imagePullPolicy: 'Always' });
      }
    });

    it('takes credentials from your Secrets alone', () => {
      expect(rendered.filter(({ kind }) => kind === 'Secret')).toEqual([]);
      const secrets = [...JSON.stringify(rendered).matchAll(/"secretKeyRef":\{"name":"([^"]+)"/g)];
      expect(new Set(secrets.map(([, name]) => name))).toEqual(new Set(['2024', 'gateway']));
    });

    it('gives what you size: replicas, budgets, resources, spreading, quota, claim', () => {
      expect(find(rendered, 'HorizontalPodAutoscaler acme/agent-manager').spec).toMatchObject({
        minReplicas: 3,
        maxReplicas: 9,
        metrics: [{ resource: { target: { averageUtilization: 50 } } }],
      });
      expect(find(rendered, 'PodDisruptionBudget acme/agent-manager').spec).toMatchObject({
        maxUnavailable: '25%',
      });
      expect(deployment('agent-manager').template.spec).toMatchObject({
        containers: [{ resources: { requests: { cpu: '250m' }, limits: { cpu: 4, memory: '2Gi' } } }],
        topologySpreadConstraints: [
          { maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule', topologyKey: 'kubernetes.io/hostname' },
          { maxSkew: 2, topologyKey: 'topology.kubernetes.io/zone' },
        ],
      });
      expect(deployment('egress-proxy')).toMatchObject({ replicas: 3 });
      expect(find(rendered, 'ResourceQuota acme-agents/runners').spec).toEqual({
        hard: { pods: '200', 'limits.cpu': '100', 'limits.memory': '100Gi' },
      });
      expect(find(rendered, 'PersistentVolumeClaim acme/knowledge').spec).toMatchObject({
        storageClassName: '1',
        resources: { requests: { storage: '50Gi' } },
      });
      expect(find(rendered, 'ServiceAccount acme/agent-manager').metadata.annotations).toEqual(
        own.manager.serviceAccount.annotations,
      );
      expect(find(rendered, 'Job acme/manager-migrate').spec).toMatchObject({
        template: { spec: { containers: [{ resources: { limits: { memory: '1Gi' } } }] } },
      });
    });

    it('opens your hosts, and none for Telegram without a name', () => {
      expect(find(rendered, 'Ingress acme/roost').spec).toMatchObject({
        ingressClassName: 'traefik',
        tls: [{ hosts: ['roost.acme.example'], secretName: 'acme-tls' }],
        rules: [{ host: 'roost.acme.example' }],
      });
    });

    it('lets traffic to your databases alone, and to none of the addresses that you except', () => {
      expect(find(rendered, 'NetworkPolicy acme/agent-manager-state').spec?.['egress']).toEqual([
        { to: own.networkPolicies.postgresql.to, ports: [{ port: 5432, protocol: 'TCP' }] },
        { to: own.networkPolicies.redis.to, ports: [{ port: 6380, protocol: 'TCP' }] },
      ]);
      expect(find(rendered, 'NetworkPolicy acme/migrations-state').spec?.['egress']).toMatchObject([
        { to: [{ podSelector: { matchLabels: { 'k8s-app': 'coredns' } } }] },
        { to: own.networkPolicies.postgresql.to },
      ]);
      for (const id of ['acme/agent-manager', 'acme/egress-proxy', 'acme-agents/runners-to-public']) {
        const egress = find(rendered, `NetworkPolicy ${id}`).spec?.['egress'];
        expect(egress, id).toMatchObject([
          {
            to: [
              { ipBlock: { except: expect.arrayContaining(['203.0.113.0/24', '10.0.0.0/8']) } },
              { ipBlock: { except: expect.arrayContaining(['2001:db8::/32', 'fc00::/7']) } },
            ],
          },
          ...(id === 'acme/agent-manager' ? [{ to: own.networkPolicies.clusterApi.to }] : []),
        ]);
      }
    });
  });

  it('writes variables as their programs read them, and leaves out what is null', async () => {
    expect(
      await dataOf({ SOCKET_BUFFER_BYTES: 1_048_576, POOL_CPUS: 0.5, API_DOCS: false, QDRANT_URL: null }),
    ).toMatchObject({
      SOCKET_BUFFER_BYTES: '1048576',
      POOL_CPUS: '0.5',
      API_DOCS: 'false',
      TRUST_PROXY: '1',
    });
    expect(await dataOf({ QDRANT_URL: null })).not.toHaveProperty('QDRANT_URL');
  });

  it('kills no pod before its shutdown may be over', async () => {
    const grace = async (env: object): Promise<unknown> =>
      (await managerOf({ manager: { env } })).template.spec.terminationGracePeriodSeconds;
    expect(await grace({})).toBe(40);
    expect(await grace({ SHUTDOWN_SECONDS: 60 })).toBe(80);
    expect(await grace({ SHUTDOWN_SECONDS: '60' })).toBe(80);
  });

  it('migrates before an installation and before an upgrade, where the policy of the Jobs comes first', async () => {
    const objects = await renderedChart();
    const hooks = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook']);
    for (const { metadata } of hooks)
      expect(metadata.annotations, metadata.name).toMatchObject({
        'helm.sh/hook': 'pre-install,pre-upgrade',
        'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
      });
    const weight = ({ metadata }: KubernetesObject): number =>
      Number(metadata.annotations?.['helm.sh/hook-weight']);
    expect(hooks.sort((one, other) => weight(one) - weight(other)).map(idOf)).toEqual([
      'NetworkPolicy roost/migrations-state',
      'Job roost/manager-migrate',
      'Job roost/gateway-migrate',
    ]);
  });

  describe('on an upgrade', () => {
    /** What Kubernetes refuses to change. */
    const fixed = (objects: KubernetesObject[]): Record<string, unknown> =>
      Object.fromEntries(
        objects
          .filter(({ kind }) => kind === 'Deployment' || kind === 'Service')
          .map((object) => [idOf(object), object.spec?.['selector']]),
      );

    it('changes no selector, whatever the values', async () => {
      const { agents: _, ...sameNamespace } = own;
      const before = fixed(await renderedChart());
      expect(Object.keys(before)).toHaveLength(7);
      expect(fixed(await renderedChart(sameNamespace))).toEqual(before);
    });

    it('restarts no pod for the version of the chart alone', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'roost-chart-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      cpSync(join(root, CHART), folder, { recursive: true });
      const next = chartFile('Chart.yaml').replaceAll(/ersion: \d+\.\d+\.\d+/g, 'ersion: 9.9.9');
      writeFileSync(join(folder, 'Chart.yaml'), next);
      const later = objectsOf(await helm('template', 'roost', folder, '--namespace', 'roost'));
      expect(JSON.stringify(later)).toContain('roost-9.9.9');
      const specs = (objects: KubernetesObject[]) => objects.map((object) => [idOf(object), object.spec]);
      expect(specs(later)).toEqual(specs(await renderedChart()));
    });

    it('restarts the pods whose configuration changed, and no others', async () => {
      const checksums = (objects: KubernetesObject[]) =>
        objects.flatMap((object) => templateOf(object)?.metadata.annotations?.['checksum/config'] ?? []);
      const before = checksums(await renderedChart());
      const after = checksums(await renderedChart({ manager: { env: { LOG_LEVEL: 'debug' } } }));
      expect(before).toHaveLength(3);
      expect(after.filter((checksum) => !before.includes(checksum))).toHaveLength(1);
    });
  });

  it.each([
    [
      'a name that it does not know',
      { manager: { replica: 3 } },
      "'/manager': additional properties 'replica'",
    ],
    ['a part that it does not know', { postgres: {} }, "additional properties 'postgres'"],
    ['a wrong type', { manager: { replicas: 'two' } }, "'/manager/replicas': got string, want integer"],
    ['no replicas', { manager: { replicas: 0 } }, "'/manager/replicas': minimum"],
    ['no replicas of the proxy', { egress: { proxy: { replicas: 0 } } }, "'/egress/proxy/replicas': minimum"],
    ['a value taken away', { manager: { replicas: null } }, "'/manager': missing property 'replicas'"],
    [
      'a short digest',
      { images: { runner: { digest: 'sha256:12' } } },
      "'/images/runner/digest': 'sha256:12'",
    ],
    [
      'a tag in the repository',
      { images: { runner: { repository: 'a/b:1' } } },
      "'/images/runner/repository'",
    ],
    ['a variable that nobody reads', { manager: { env: { LOG_LEVLE: 'info' } } }, "'LOG_LEVLE'"],
    ['a key', { manager: { env: { OPENAI_API_KEY: 'sk-1' } } }, "additional properties 'OPENAI_API_KEY'"],
    ['a token', { gateway: { env: { TELEGRAM_BOT_TOKEN: '1:a' } } }, "'TELEGRAM_BOT_TOKEN' not allowed"],
    ['a variable of the chart', { manager: { env: { LAUNCHER: 'docker' } } }, "properties 'LAUNCHER' not"],
    [
      'a password in an address',
      { manager: { env: { RUNNER_REDIS_URL: 'redis://:secret@10.0.0.2' } } },
      'manager.env.RUNNER_REDIS_URL: holds a credential',
    ],
    [
      'no limit of memory',
      { gateway: { resources: { limits: { memory: null } } } },
      "'/gateway/resources/limits'",
    ],
    ['an amount that is none', { knowledge: { size: '10GB' } }, "'/knowledge/size': '10GB'"],
    ['a range that is none', { egress: { except: ['203.0.113.7'] } }, "'/egress/except/0'"],
    [
      'a database nowhere',
      { networkPolicies: { redis: { to: [] } } },
      "'/networkPolicies/redis/to': minItems",
    ],
    ['a place that is none', { networkPolicies: { qdrant: { to: [{}] } } }, "'/networkPolicies/qdrant/to/0'"],
    ['a quota of all', { agents: { quota: { gpus: 1 } } }, "'/agents/quota': additional properties 'gpus'"],
    [
      "the release's namespace for agents",
      { agents: { namespace: 'roost' } },
      'agents.namespace: must not be',
    ],
    [
      'more replicas at least than at most',
      { gateway: { autoscaling: { minReplicas: 5 } } },
      'gateway.autoscaling.maxReplicas: 4 is less than minReplicas, 5',
    ],
  ])('refuses %s, and names the value', async (_what, values, message) => {
    await expect(renderedChart(values)).rejects.toThrow(message);
  });

  describe('says after an installation', () => {
    const notes = async (values: object = {}): Promise<string> => {
      const said = await helm(
        ...['install', 'roost', CHART, '--namespace', 'roost', '--dry-run=client'],
        ...['--set-json', JSON.stringify(values)],
      );
      return said.slice(said.indexOf('NOTES:'));
    };

    it('where to go on', async () => {
      expect(await notes()).toContain('kubectl -n roost rollout status deployment/agent-manager');
      expect(await notes()).toContain('https://roost.example/docs');
      expect(await notes({ ingress: { tlsSecret: '' } })).toContain('http://roost.example/docs');
      expect(await notes(bare)).toContain('kubectl -n roost port-forward service/agent-manager 8000:8000');
    });

    it('what runners need to pull with Secrets', async () => {
      const patch = `kubectl -n roost-agents patch serviceaccount default -p '{"imagePullSecrets":[{"name":"registry"}]}'`;
      expect(await notes({ images: { pullSecrets: [{ name: 'registry' }] } })).toContain(patch);
      expect(await notes()).not.toContain('patch serviceaccount');
    });

    it('that addresses of no machine stand in the values still', async () => {
      expect(await notes()).toContain('192.0.2.0/24');
      const env = { RUNNER_REDIS_URL: 'redis://10.1.0.2:6380', QDRANT_URL: null };
      expect(await notes({ ...own, manager: { env } })).not.toContain('192.0.2.');
    });
  });
});
