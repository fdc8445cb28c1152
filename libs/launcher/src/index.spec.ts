import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const clients = ['dockerode', '@kubernetes/client-node'];

// Other files of this process load them.
beforeEach(() => {
  vi.resetModules();
  for (const client of clients)
    vi.doMock(client, () => {
      throw new Error(`${client} was loaded`);
    });
});
afterEach(() => {
  for (const client of clients) vi.doUnmock(client);
  vi.resetModules();
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
