import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { DevstackError } from '../devstack.error';
import { findProgram, installPackage } from '../process/system.package';

const run = promisify(execFile);

export function findRedisBinary(): string | null {
  return findProgram('redis-server', 'valkey-server');
}

/**
 * The path of a Redis server, installed from Debian's package when there is none.
 *
 * @throws {DevstackError} it is missing and cannot be installed.
 */
export async function ensureRedisBinary(say: (line: string) => void = console.log): Promise<string> {
  const present = findRedisBinary();
  if (present) return present;
  await installPackage('redis-server', 'Redis is missing', say);
  await stopPackagedService(say);
  const installed = findRedisBinary();
  if (!installed)
    throw new DevstackError('The package redis-server brought no redis-server: put one in PATH.');
  return installed;
}

/** The package also starts a server on the standard port, which nobody asked for. */
async function stopPackagedService(say: (line: string) => void): Promise<void> {
  const command = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', 'redis-server']
    : ['/etc/init.d/redis-server', 'stop'];
  const [program = '', ...args] = command;
  if (program.startsWith('/') && !existsSync(program)) return;
  say(`Stopping the service that the package brought (${command.join(' ')})`);
  await run(program, args, { timeout: 30_000 }).catch((error: unknown) => {
    say(`It did not stop: ${(error as Error).message.trim()}`);
  });
}
