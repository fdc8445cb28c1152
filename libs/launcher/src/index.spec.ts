import { tmpdir } from 'node:os';
import { expect, it, vi } from 'vitest';

vi.mock('dockerode', () => {
  throw new Error('dockerode was loaded');
});

vi.mock('@kubernetes/client-node', () => {
  throw new Error('the client of Kubernetes was loaded');
});

it("a platform's client is loaded for its launcher only", async () => {
  const { createDockerLauncher, createKubernetesLauncher, MemoryLauncher, ProcessLauncher } =
    await import('./index');
  const process = new ProcessLauncher({ production: false, entry: '', build_hint: '', state_dir: tmpdir() });
  await process.close();
  await new MemoryLauncher().close();

  const docker = createDockerLauncher({ image: '', build_hint: '', network: '', installation: '' });
  await expect(docker).rejects.toThrow();
  const kubernetes = createKubernetesLauncher({
    namespace: '',
    image: '',
    build_hint: '',
    installation: '',
    stop_grace_seconds: 1,
  });
  await expect(kubernetes).rejects.toThrow();
});
