import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The Docker client of this machine. */
export interface DockerClient {
  /** Finds the client first in PATH, and makes it build with BuildKit. */
  environment: NodeJS.ProcessEnv;
}

export interface DockerTools extends DockerClient {
  compose: [command: string, ...args: string[]];
}

/**
 * Finds a docker client that can build with BuildKit, and an engine that answers. Null, after saying why, where one
 * is missing; throws instead when ROOST_REQUIRE_ENGINE=1.
 */
export const findDocker = (): DockerClient | null => orSkip(lookForDocker());

/** Like {@link findDocker}, with a Compose. */
export const findDockerTools = (): DockerTools | null => orSkip(lookForTools());

function orSkip<Found extends object>(found: Found | string): Found | null {
  if (typeof found !== 'string') return found;
  if (process.env['ROOST_REQUIRE_ENGINE'] === '1') throw new Error(`ROOST_REQUIRE_ENGINE=1, but ${found}`);
  console.warn(`skipped: ${found}`);
  return null;
}

function lookForDocker(): DockerClient | string {
  const folder = clientFolders().find((path) => succeeds('docker', ['build', '--help'], buildKit(path)));
  if (!folder) return 'no docker client here can build with BuildKit; install the Debian package docker.io';
  const environment = buildKit(folder);
  if (!succeeds('docker', ['version'], environment)) return 'no Docker Engine answers; start dockerd';
  return { environment };
}

function lookForTools(): DockerTools | string {
  const docker = lookForDocker();
  if (typeof docker === 'string') return docker;
  const { environment } = docker;
  if (succeeds('docker', ['compose', 'version'], environment)) {
    return { compose: ['docker', 'compose'], environment };
  }
  if (succeeds('docker-compose', ['version'], environment)) {
    return { compose: ['docker-compose'], environment };
  }
  return 'there is no Compose; install the Debian package docker-compose';
}

const clientFolders = () =>
  (process.env['PATH'] ?? '').split(delimiter).filter((path) => existsSync(join(path, 'docker')));

/** Compose 1.29 builds with whatever `docker` comes first in PATH. */
const buildKit = (folder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
  DOCKER_BUILDKIT: '1',
  BUILDKIT_PROGRESS: 'plain',
});

function succeeds(command: string, args: string[], env: NodeJS.ProcessEnv): boolean {
  try {
    execFileSync(command, args, { env, stdio: 'ignore', timeout: 15_000 });
    return true;
  } catch {
    return false;
  }
}

/** Standard output of a command; when it fails, an error with the end of all it wrote. */
export async function run(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  deadlineMs = 60_000,
): Promise<string> {
  return (await capture(command, args, env, deadlineMs)).stdout.trim();
}

/** Like {@link run}, with both outputs of a command. */
export async function capture(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  deadlineMs = 60_000,
): Promise<{ stdout: string; stderr: string }> {
  try {
    return await execute(command, args, { env, timeout: deadlineMs, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const end = `${stdout}\n${stderr}`.slice(-6_000);
    throw new Error(`${command} ${args.join(' ')} failed:\n${end}`, { cause: error });
  }
}
