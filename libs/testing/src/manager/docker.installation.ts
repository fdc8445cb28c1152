import { freePort } from '@roost/devstack';
import type { DockerClient } from '../docker/docker.cli';
import { HostNetwork } from '../docker/host.network';
import { DockerRunners } from './docker.runners';
import { Installation } from './installation';
import type { ManagerProcess } from './manager.process';

/** An installation whose runners are containers of the real engine. */
export interface DockerInstallation {
  installation: Installation;
  containers: DockerRunners;
  /** Starts a further manager, whose runners reach it. */
  startManager(): Promise<void>;
  /** Starts a manager in place of one that has ended: where its runners look for it. */
  startAgain(ended: ManagerProcess): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a manager on this machine and lets it make containers of `image`. They reach the manager's internal port,
 * Redis and the model by an address of this machine that exists on the engine's networks alone.
 */
export async function startDockerInstallation(
  client: DockerClient,
  image: string,
  env: Record<string, string> = {},
): Promise<DockerInstallation> {
  const name = `roost-e2e-${process.pid}-${Date.now().toString(36)}`;
  const containers = new DockerRunners(client, name, `${name}-runners`);
  const installation = await Installation.prepare({
    env: {
      LAUNCHER: 'docker',
      INSTALLATION: name,
      RUNNER_IMAGE: image,
      RUNNER_NETWORK: containers.network,
      ...(client.environment['DOCKER_HOST'] ? { DOCKER_HOST: client.environment['DOCKER_HOST'] } : {}),
      ...env,
    },
  });
  const host = await HostNetwork.create(`${name}-host`, client.environment).catch(async (error: unknown) => {
    await installation.stop();
    throw error;
  });
  const at = async (port: number) => `${host.address}:${await host.forward(port)}`;
  const shared = {
    RUNNER_REDIS_URL: `redis://${await at(installation.redis.port)}`,
    OPENAI_BASE_URL: `http://${await at(installation.model.port)}/v1`,
  };
  /** Where containers reach the internal port of each manager. */
  const origins = new Map<string, string>();
  const startManager = async (): Promise<void> => {
    const internal = await freePort();
    const RUNNER_CONFIG_ORIGIN = `http://${await at(internal)}`;
    origins.set(String(internal), RUNNER_CONFIG_ORIGIN);
    await installation.startManager({ ...shared, INTERNAL_PORT: String(internal), RUNNER_CONFIG_ORIGIN });
  };
  const startAgain = async (ended: ManagerProcess): Promise<void> => {
    const RUNNER_CONFIG_ORIGIN = origins.get(new URL(ended.internalOrigin).port) ?? '';
    await installation.startAgain(ended, { ...shared, RUNNER_CONFIG_ORIGIN });
  };
  const stop = async (): Promise<void> => {
    await installation.stop();
    await containers.removeAll();
    await host.remove();
  };
  try {
    await startManager();
  } catch (error) {
    await stop();
    throw error;
  }
  return { installation, containers, startManager, startAgain, stop };
}
