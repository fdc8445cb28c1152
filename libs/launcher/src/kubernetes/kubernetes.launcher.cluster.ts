import { KubernetesStandIn } from '@roost/testing';
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeLauncher, specOf } from '../conformance';
import type { InstanceSpec } from '../launcher';
import { KubernetesLauncher } from './kubernetes.launcher';
import type { KubernetesLauncherOptions } from './kubernetes.options';

// The conformance suite on the cluster that KUBECONFIG names: npm run test:k8s, see k8s/README.md.

/** A namespace that nobody has by accident: without it nothing is made in the cluster. */
const NAMESPACE = 'roost-conformance';
const IMAGE = process.env['K8S_TEST_IMAGE'] ?? 'roost/conformance:1';
const BUILD_HINT = 'docker build -t roost/conformance:1 libs/launcher/src/conformance (k8s/README.md)';
const CALL_MS = 20_000;

/** Several instances run at once, and a cluster for tests may have two processors. */
class SmallShares extends KubernetesLauncher {
  override launch(spec: InstanceSpec): Promise<void> {
    return super.launch({ ...spec, limits: { ...spec.limits, cpus: 0.25 } });
  }
}

const installation = `test-${randomUUID().slice(0, 8)}`;
const made: KubernetesLauncher[] = [];
const launcherWith = (part: Partial<KubernetesLauncherOptions> = {}): KubernetesLauncher => {
  const launcher = new SmallShares({
    namespace: NAMESPACE,
    image: IMAGE,
    build_hint: BUILD_HINT,
    installation,
    stop_grace_seconds: 30,
    call_timeout_ms: CALL_MS,
    ...part,
  });
  made.push(launcher);
  return launcher;
};

/** Why the cluster takes no instance, said once and not by every test; undefined when it does. */
async function whyNoInstance(): Promise<string | undefined> {
  const launcher = launcherWith();
  const spec = specOf({ does: 'exit', code: 0 });
  try {
    await launcher.launch(spec);
    await launcher.remove(spec.instance_id);
    return undefined;
  } catch (error) {
    // What did not begin may have been made; when that is so, the first reason is the one to tell.
    await launcher.remove(spec.instance_id).catch(() => undefined);
    return `the cluster of KUBECONFIG takes no instance: ${String(error)}`;
  }
}

async function removeAll(): Promise<void> {
  for (const launcher of [launcherWith(), launcherWith({ installation: `${installation}-stranger` })])
    for (const { instance_id } of await launcher.list()) await launcher.remove(instance_id);
  await Promise.all(made.map((launcher) => launcher.close()));
}

const obstacle = await whyNoInstance();
if (obstacle) it('the cluster of KUBECONFIG takes instances', () => expect.fail(obstacle));
else
  describeLauncher(
    'the kubernetes launcher on the cluster of KUBECONFIG',
    async () => {
      const silent = await KubernetesStandIn.start({ command: [process.execPath] });
      silent.faults.hang = /./;
      return {
        launcher: launcherWith(),
        sibling: launcherWith(),
        stranger: launcherWith({ installation: `${installation}-stranger` }),
        unbuilt: launcherWith({ image: 'roost-test/never-built:1' }),
        build_hint: BUILD_HINT,
        unreachable: {
          'port closed': launcherWith({ server: 'http://127.0.0.1:1' }),
          'accepts and says nothing': launcherWith({ server: silent.url, call_timeout_ms: 300 }),
        },
        deadline_ms: 1000,
        close: async () => {
          await removeAll();
          await silent.close();
        },
      };
    },
    { asks_before_every_kill: 'a kubelet asks first and grants a second, whatever it is told' },
  );
