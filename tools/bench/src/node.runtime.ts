import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { benchDir, run } from './workspace';

/** The major version of the images. */
const MAJOR = 24;

/** Runs this command again under the images' Node, so that all that is measured has the same one. */
export async function underImagesNode(script: string): Promise<boolean> {
  if (process.version.startsWith(`v${MAJOR}.`)) return true;
  const node = await imagesNode();
  if (!node) return true;
  const child = spawn(node, ['--import', 'tsx', script, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}` },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
  return false;
}

async function imagesNode(): Promise<string | null> {
  // The package `node` fetches this one in an install script, which this workspace does not run.
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(benchDir, 'node');
  const program = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  try {
    await run('npm', ['install', '--no-save', '--prefix', folder, `${name}@${MAJOR}`], {
      deadline_ms: 300_000,
    });
    return program;
  } catch (error) {
    console.warn(`Node ${MAJOR} could not be installed; measuring with ${process.version}. ${String(error)}`);
    return null;
  }
}
