import { anAgent, KubernetesStandIn, PlainChat, until } from '@roost/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const NAMESPACE = 'agents-here';
const runner = join(import.meta.dirname, '../../dist/apps/agent-runner/main.js');

/** An API server whose kubelet starts the real program of the runner. */
const cluster = await KubernetesStandIn.start({ command: [process.execPath, runner] });
const folder = mkdtempSync(join(tmpdir(), 'roost-kubeconfig-'));
const kubeconfig = join(folder, 'config');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'manager' } }],
    clusters: [{ name: 'here', cluster: { server: cluster.url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'manager', user: { token: 'for-tests' } }],
  }),
);

describe('agents on a cluster', () => {
  const roost = useInstallation({
    env: { LAUNCHER: 'kubernetes', KUBECONFIG: kubeconfig, KUBERNETES_NAMESPACE: NAMESPACE },
  });
  afterAll(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const pods = () => cluster.store.list(NAMESPACE);
  const status = async (agent_id: string) => roost().api.status(agent_id);

  async function say(agent_id: string, content: string): Promise<string> {
    const chat = await PlainChat.open(roost().origin, agent_id, { key: roost().api.key ?? '' });
    chat.say(content);
    const { content: reply } = (await chat.reply()).message_object;
    await chat.close();
    return reply;
  }

  it('wake as pods, answer, are stopped, and wake again as other pods', async () => {
    const { id } = await roost().api.createAgent(anAgent());
    expect(await say(id, 'hello')).toBe('You said: hello');
    const [first] = pods();
    expect(pods()).toHaveLength(1);
    expect(first?.metadata.labels).toMatchObject({
      'app.kubernetes.io/component': 'runner',
      'roost.agent_id': id,
      'roost.generation': '1',
    });
    expect(await status(id)).toMatchObject({ state: 'running' });

    await roost().api.call({ method: 'POST', path: `/agents/${id}/stop` });
    await until('the agent sleeps', async () => (await status(id)).state === 'stopped' || undefined, 60_000);
    await until('its pod is gone', () => pods().length === 0 || undefined, 60_000);

    expect(await say(id, 'and now?')).toBe('You said: and now?');
    expect(pods().map(({ metadata }) => metadata.labels?.['roost.generation'])).toEqual(['2']);
    expect(pods()[0]?.metadata.name).not.toBe(first?.metadata.name);
  });

  it('that are evicted say so, and answer the next message', async () => {
    const { id } = await roost().api.createAgent(anAgent());
    await say(id, 'hello');
    const pod = pods().find(({ metadata }) => metadata.labels?.['roost.agent_id'] === id);
    cluster.kubelet.evict(pod?.metadata.name ?? '', 'The node was low on resource: memory.');
    const lost = await until(
      'the end is known',
      async () => {
        const now = await status(id);
        return now.state === 'failed' ? now : undefined;
      },
      60_000,
    );
    expect(lost).toMatchObject({ reason: 'process_lost', detail: expect.stringContaining('was evicted') });
    expect(await say(id, 'still there?')).toBe('You said: still there?');
  });

  it('say what is wrong where the image cannot be had', async () => {
    cluster.faults.images['roost/agent-runner:latest'] = {
      reason: 'InvalidImageName',
      message: 'no such name',
    };
    const { id } = await roost().api.createAgent(anAgent());
    await roost().api.call({ method: 'POST', path: `/agents/${id}/start` });
    const failed = await until(
      'the start fails',
      async () => {
        const now = await status(id);
        return now.state === 'failed' ? now : undefined;
      },
      60_000,
    );
    expect(failed).toMatchObject({ reason: 'start_failed', detail: expect.stringContaining('RUNNER_IMAGE') });
  });
});
