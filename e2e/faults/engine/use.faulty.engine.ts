import {
  baseImages,
  buildImage,
  type Container,
  type DockerClient,
  type DockerInstallation,
  engineAddress,
  FaultProxy,
  findDocker,
  startDockerInstallation,
  until,
} from '@roost/testing';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Faults, useFaults } from '../use.faults';

/** Null where there is no engine: `describe.skipIf(!client)`. */
export const client = findDocker();

export interface FaultyEngine extends Faults {
  docker(): DockerInstallation;
  /** What stands between the managers and the engine's socket. */
  engine(): FaultProxy;
  /** Runs the docker client, past the proxy. */
  cli(...args: string[]): Promise<string>;
  image: string;
  /** Calls `work` while the runner's image is one that runs `command` instead. */
  whileImageRuns(command: string[], work: () => Promise<void>): Promise<void>;
  /** Calls `work` while there is no image of that name. */
  whileImageIsMissing(work: () => Promise<void>): Promise<void>;
  /** The one container of an agent. */
  containerOf(agent_id: string): Promise<Container>;
  gone(agent_id: string): Promise<unknown>;
}

/** One installation for the tests of a file, with containers, a faulty engine, and the oracle's verdict after each. */
export function useFaultyEngine(name: string, env: Record<string, string> = {}): FaultyEngine {
  const image = `roost/agent-runner:e2e-${name}-${process.pid}`;
  const original = `${image}-original`;
  let started: { docker: DockerInstallation; engine: FaultProxy } | undefined;
  const current = () => {
    if (!started) throw new Error('the installation has not been started');
    return started;
  };
  const containers = () => current().docker.containers;
  const cli = (...args: string[]) => containers().docker(args);

  beforeAll(async () => {
    const { environment } = client as DockerClient;
    await buildImage(environment, 'runner', image, (await baseImages(environment))['NODE_IMAGE']);
    const engine = await FaultProxy.before(engineAddress(environment['DOCKER_HOST']));
    const docker = await startDockerInstallation(client as DockerClient, image, {
      NODE_ENV: 'production',
      DOCKER_HOST: `tcp://${engine.address.host}:${engine.address.port}`,
      ...env,
    });
    started = { docker, engine };
    await cli('tag', image, original);
  });
  afterAll(async () => {
    if (!started) return;
    started.engine.heal();
    await started.docker.stop();
    await cli('rmi', image, original);
    expect(await containers().containers()).toEqual([]);
    await started.engine.close();
  });

  const faults = useFaults({
    installation: () => current().docker.installation,
    livingInstances: async () =>
      (await containers().containers())
        .filter(({ State }) => State.Status === 'running')
        .map(({ Config }) => Config.Labels['roost.instance_id'] ?? ''),
  });
  // Before the verdict: hooks run last in, first out.
  afterEach(async () => {
    current().engine.heal();
    await current().engine.accept();
  });

  const whileImageIs = async (other: string, work: () => Promise<void>): Promise<void> => {
    await cli('tag', other, image);
    try {
      await work();
    } finally {
      await cli('tag', original, image);
    }
  };

  return {
    ...faults,
    docker: () => current().docker,
    engine: () => current().engine,
    cli,
    image,
    async whileImageRuns(command, work) {
      const variant = `${image}-variant`;
      const made = await cli('create', original);
      await cli('commit', '--change', `CMD ${JSON.stringify(command)}`, made, variant);
      await cli('rm', made);
      try {
        await whileImageIs(variant, work);
      } finally {
        // Containers of it may be kept for their logs.
        await cli('rmi', '--force', variant);
      }
    },
    async whileImageIsMissing(work) {
      await cli('rmi', '--no-prune', image);
      try {
        await work();
      } finally {
        await cli('tag', original, image);
      }
    },
    async containerOf(agent_id) {
      const all = await containers().containers(agent_id);
      const [container] = all;
      if (!container || all.length > 1) throw new Error(`${agent_id} has ${all.length} containers, not one`);
      return container;
    },
    gone: (agent_id) =>
      until(
        `the container of ${agent_id} is gone`,
        async () => (await containers().containers(agent_id)).length === 0,
        30_000,
      ),
  };
}
