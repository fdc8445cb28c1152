import { expect, it } from 'vitest';
import { podBody } from './pod-body';

const OPTIONS = {
  namespace: 'roost-agents',
  image: 'roost/runner:1',
  installation: 'default',
  stop_grace_seconds: 30,
};
const LIMITS = { memory_mb: 256, cpus: 0.5, pids: 64 };

it('a pod is restricted, limited, labelled, and holds no token of the cluster', () => {
  const body = podBody(
    {
      instance_id: 'agent_sales_ab12_7',
      agent_id: 'agent_sales_ab12',
      generation: 7,
      limits: LIMITS,
      env: { AGENT_ID: 'agent_sales_ab12', CODE: 'a=$(AGENT_ID)' },
    },
    OPTIONS,
  );
  const marks = {
    'roost.installation': 'default',
    'roost.instance_id': 'agent_sales_ab12_7',
    'roost.agent_id': 'agent_sales_ab12',
    'roost.generation': '7',
  };
  expect(body).toStrictEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'roost-agent-sales-ab12-7-a65d8319772a',
      namespace: 'roost-agents',
      labels: {
        'app.kubernetes.io/name': 'agent-runner',
        'app.kubernetes.io/managed-by': 'roost',
        'app.kubernetes.io/part-of': 'roost',
        'app.kubernetes.io/component': 'runner',
        ...marks,
      },
      annotations: marks,
      finalizers: ['roost.internal/end-not-seen'],
    },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 30,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'runner',
          image: 'roost/runner:1',
          imagePullPolicy: 'IfNotPresent',
          env: [
            { name: 'AGENT_ID', value: 'agent_sales_ab12' },
            { name: 'CODE', value: 'a=$$(AGENT_ID)' },
          ],
          resources: {
            requests: { memory: '256Mi', cpu: '500m' },
            limits: { memory: '256Mi', cpu: '500m' },
          },
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
  });
});

it('for a member of the warm pool names no agent', () => {
  const { metadata } = podBody(
    { instance_id: 'inst-1', agent_id: null, generation: null, limits: LIMITS, env: {} },
    OPTIONS,
  );
  expect(metadata?.annotations).toStrictEqual({
    'roost.installation': 'default',
    'roost.instance_id': 'inst-1',
  });
});

it('an id that no label can hold is a digest in the label, and itself in the annotation', () => {
  const instance_id = 'ä'.repeat(80);
  const { metadata } = podBody(
    { instance_id, agent_id: null, generation: null, limits: LIMITS, env: {} },
    OPTIONS,
  );
  expect(metadata?.annotations?.['roost.instance_id']).toBe(instance_id);
  expect(metadata?.labels?.['roost.instance_id']).toMatch(/^[0-9a-f]{40}$/);
});
