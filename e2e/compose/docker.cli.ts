import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The command line tools of one machine, and the environment in which they find each other. */
export interface DockerTools {
  compose: [command: string, ...args: string[]];
  environment: NodeJS.ProcessEnv;
}

/**
 * Finds a docker client that can build with BuildKit, a Compose, and an engine that answers. Null, after saying
 * why, where one is missing; throws instead when ROOST_REQUIRE_ENGINE=1.
 */
export function findDockerTools(): DockerTools | null {
  const tools = look();
  if (typeof tools !== 'string') return tools;
  if (process.env['ROOST_REQUIRE_ENGINE'] === '1') throw new Error(`ROOST_REQUIRE_ENGINE=1, but ${tools}`);
  console.warn(`skipped: ${tools}`);
  return null;
}

function look(): DockerTools | string {
  const folder = clientFolders().find((path) => succeeds('docker', ['build', '--help'], buildKit(path)));
  if (!folder) return 'no docker client here can build with BuildKit; install the Debian package docker.io';
  const environment = buildKit(folder);
  if (!succeeds('docker', ['version'], environment)) return 'no Docker Engine answers; start dockerd';
  if (succeeds('docker', ['compose', 'version'], environment)) {
    return { compose: ['docker', 'compose'], environment };
  }
  if (succeeds('docker-compose', ['version'], environment))
    return { compose: ['docker-compose'], environment };
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
export async function run(command: string, args: string[], env: NodeJS.ProcessEnv, deadlineMs = 60_000) {
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

/** Images by the variables that docker-compose.yml reads: local stand-ins, or the public ones it names itself. */
export async function baseImages(environment: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  if (process.env['ROOST_E2E_IMAGES'] === 'public') return {};
  const lines = await run('node', ['tools/images/stand-ins.mjs'], environment, 600_000);
  return Object.fromEntries(
    lines.split('\n').map((line): [string, string] => {
      const [variable = '', image = ''] = line.split('=');
      return [variable, image];
    }),
  );
}
