import { tmpdir } from 'node:os';
import { expect, it, vi } from 'vitest';

vi.mock('dockerode', () => {
  throw new Error('dockerode was loaded');
});

it("the engine's client is loaded for the docker launcher only", async () => {
  const { createDockerLauncher, MemoryLauncher, ProcessLauncher } = await import('./index');
  const process = new ProcessLauncher({ production: false, entry: '', build_hint: '', state_dir: tmpdir() });
  await process.close();
  await new MemoryLauncher().close();

  const docker = createDockerLauncher({ image: '', build_hint: '', network: '', installation: '' });
  await expect(docker).rejects.toThrow();
});
