import { findProgram } from '@roost/devstack';
import { run } from '../docker/docker.cli';

/** Runs a command on a Redis server with the program that comes with it; for what the service itself never does. */
export async function redisCli(url: string, ...command: string[]): Promise<string> {
  const program = findProgram('redis-cli', 'valkey-cli');
  if (!program) throw new Error('redis-cli is missing: install the Debian package redis-tools');
  const { hostname, port, username, password } = new URL(url);
  const user = username === '' ? [] : ['--user', username];
  return run(program, ['-h', hostname, '-p', port, '--no-auth-warning', ...user, ...command], {
    PATH: process.env['PATH'],
    REDISCLI_AUTH: decodeURIComponent(password),
  });
}
