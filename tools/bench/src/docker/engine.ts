import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../workspace';

const BUILD_DEADLINE_MS = 600_000;

/** The engine through its command line client. */
export class Engine {
  private constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** The engine, or why there is none to measure with. */
  static find(): Engine | string {
    const folders = (process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((path) => existsSync(join(path, 'docker')));
    const environments = folders.map((folder) => ({
      ...process.env,
      PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
      DOCKER_BUILDKIT: '1',
    }));
    // A client may lack the component that BuildKit needs, while another one has it built in.
    const env = environments.find((candidate) => succeeds(['build', '--help'], candidate));
    if (!env) return 'no docker client here can build with BuildKit; install the Debian package docker.io';
    return succeeds(['version'], env) ? new Engine(env) : 'no Docker Engine answers; start dockerd';
  }

  call(...args: string[]): Promise<string> {
    return run('docker', args, { env: this.env });
  }

  /** The bases that docker-compose.yml names, or local stand-ins for them. */
  async bases(): Promise<Record<string, string>> {
    if (process.env['ROOST_E2E_IMAGES'] === 'public') return { REDIS_IMAGE: 'redis:7' };
    const lines = await run(process.execPath, ['tools/images/stand-ins.mjs'], {
      env: this.env,
      deadline_ms: BUILD_DEADLINE_MS,
    });
    return Object.fromEntries(lines.split('\n').map((line) => line.split('=', 2) as [string, string]));
  }

  async buildRunner(tag: string, node_image: string | undefined): Promise<void> {
    const authority = process.env['NODE_EXTRA_CA_CERTS'];
    await run(
      'docker',
      [
        'build',
        ...(node_image ? ['--build-arg', `NODE_IMAGE=${node_image}`] : []),
        ...(authority ? ['--secret', `id=npm_ca,src=${authority}`] : []),
        ...['--target', 'runner', '--tag', tag, '.'],
      ],
      { env: this.env, deadline_ms: BUILD_DEADLINE_MS },
    );
  }
}

function succeeds(args: string[], env: NodeJS.ProcessEnv): boolean {
  try {
    execFileSync('docker', args, { env, stdio: 'ignore', timeout: 15_000 });
    return true;
  } catch {
    return false;
  }
}
