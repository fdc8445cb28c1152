import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { DevstackError } from '../devstack.error';

const run = promisify(execFile);

/** Finds a program in PATH or where Debian keeps those for root. */
export function findProgram(...names: string[]): string | null {
  const directories = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
  ];
  for (const name of names) {
    for (const directory of directories.filter(Boolean)) {
      const candidate = join(directory, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // Not here.
      }
    }
  }
  return null;
}

/**
 * Installs a Debian package; `why` is the first half of the sentence that says so.
 *
 * @throws {DevstackError} there is no apt-get, no right to use it, or it failed.
 */
export async function installPackage(name: string, why: string, say: (line: string) => void): Promise<void> {
  const apt = findProgram('apt-get');
  if (!apt)
    throw new DevstackError(`${why}: install ${name} with this system's package manager, then start again.`);
  if (process.getuid?.() !== 0) {
    throw new DevstackError(
      `${why}, and only root may install it: run "sudo apt-get install ${name}", then start again.`,
    );
  }
  say(`${why}: installing the package ${name} with apt-get`);
  const options = { timeout: 300_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await run(apt, ['update', '--quiet'], options);
    await run(apt, ['install', '--yes', '--no-install-recommends', name], {
      ...options,
      maxBuffer: 64 << 20,
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const last = stderr?.trim().split('\n').at(-1);
    throw new DevstackError(
      `apt-get could not install ${name} (${last ?? message}): install it by hand, then start again.`,
    );
  }
}
