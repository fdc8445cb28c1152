import {
  baseImages,
  buildImage,
  type Container,
  type DockerClient,
  type DockerInstallation,
  findDocker,
  type Installation,
  startDockerInstallation,
  until,
} from '@roost/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFailed } from 'vitest';

/** Null where there is no engine: `describe.skipIf(!client)`. */
export const client = findDocker();

export interface Containers {
  docker(): DockerInstallation;
  roost(): Installation;
  /** The one container of an agent. */
  containerOf(agent_id: string): Promise<Container>;
  gone(agent_id: string): Promise<unknown>;
}

/** One installation for the tests of a file, whose runners are containers of an image built from these sources. */
export function useContainers(image: string, env: Record<string, string> = {}): Containers {
  let started: DockerInstallation | undefined;
  const docker = (): DockerInstallation => {
    if (!started) throw new Error('the installation has not been started');
    return started;
  };

  beforeAll(async () => {
    const { environment } = client as DockerClient;
    await buildImage(environment, 'runner', image, (await baseImages(environment))['NODE_IMAGE']);
    started = await startDockerInstallation(client as DockerClient, image, {
      NODE_ENV: 'production',
      ...env,
    });
  });
  beforeEach(() => {
    docker().installation.model.reset();
    onTestFailed(() => console.error(docker().installation.logs()));
  });
  afterAll(async () => {
    if (!started) return;
    await started.stop();
    await started.containers.docker(['rmi', image]);
    expect(await started.containers.containers()).toEqual([]);
  });

  return {
    docker,
    roost: () => docker().installation,
    async containerOf(agent_id) {
      const [container, ...others] = await docker().containers.containers(agent_id);
      if (!container || others.length > 0)
        throw new Error(`${agent_id} has ${others.length} containers, not one`);
      return container;
    },
    gone: (agent_id) =>
      until(
        `the container of ${agent_id} is gone`,
        async () => (await docker().containers.containers(agent_id)).length === 0,
        30_000,
      ),
  };
}
