import { workspaceRoot } from '../workspace';
import { run } from './docker.cli';

/** Images by the variables that docker-compose.yml reads: local stand-ins, or the public ones it names itself. */
export async function baseImages(environment: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  if (process.env['ROOST_E2E_IMAGES'] === 'public') return {};
  const script = `${workspaceRoot}/tools/images/stand-ins.mjs`;
  const lines = await run('node', [script], environment, 600_000);
  return Object.fromEntries(
    lines.split('\n').map((line): [string, string] => {
      const [variable = '', image = ''] = line.split('=');
      return [variable, image];
    }),
  );
}

/**
 * Builds a target of the Dockerfile. Where the machine has its own certificate authority, npm in the build is given
 * it. The layers stay in the engine's cache, so that the next target is fast.
 */
export async function buildImage(
  environment: NodeJS.ProcessEnv,
  target: string,
  tag: string,
  nodeImage: string | undefined,
): Promise<void> {
  const authority = process.env['NODE_EXTRA_CA_CERTS'];
  const args = [
    ...(authority ? ['--secret', `id=npm_ca,src=${authority}`] : []),
    ...(nodeImage ? ['--build-arg', `NODE_IMAGE=${nodeImage}`] : []),
  ];
  await run(
    'docker',
    ['build', '--target', target, '--tag', tag, ...args, workspaceRoot],
    environment,
    420_000,
  );
}
