import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { engineAddress } from './engine-address';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../conformance/program.mjs', import.meta.url));

export const dockerAt = (docker_host: string): Docker =>
  new Docker({ socketPath: undefined, host: undefined, ...engineAddress(docker_host), protocol: 'http' });

/** Why the engine's tests cannot run here; undefined when they can. */
export async function whyNoEngine(docker_host: string): Promise<string | undefined> {
  try {
    await dockerAt(docker_host).ping();
    return undefined;
  } catch (error) {
    return `no Docker Engine answers at ${docker_host} (${String(error)}); start dockerd or set DOCKER_HOST`;
  }
}

/**
 * An image without a registry: this machine's Node.js, the libraries it is linked with, and the suite's program.
 * Removed by the returned function.
 */
export async function importTestImage(
  docker: Docker,
): Promise<{ image: string; remove: () => Promise<void> }> {
  const node = process.execPath;
  const libraries = [...(await run('ldd', [node])).stdout.matchAll(/\/\S+/g)].map(([path]) => path);
  const paths = [node, ...libraries].map((path) => path.slice(1));
  const tar = spawn('tar', ['-ch', '-C', '/', ...paths, '-C', dirname(PROGRAM), 'program.mjs'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const repo = 'roost-test/launcher';
  const tag = randomUUID();
  const answer = await docker.importImage(tar.stdout, {
    repo,
    tag,
    changes: [`ENTRYPOINT ["${node}", "/program.mjs"]`],
  });
  const told = await text(answer);
  if (/"error"/.test(told)) throw new Error(`the test image could not be imported: ${told}`);
  const image = `${repo}:${tag}`;
  return { image, remove: () => docker.getImage(image).remove({ force: true }) as Promise<void> };
}
