import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { DevstackError } from '../devstack.error';

/** Ports that no system gives to outgoing connections: such a one would take it before whoever asked listens. */
const [LOWEST, HIGHEST] = [10_000, 32_000];

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  try {
    return await listenOnce(randomInt(LOWEST, HIGHEST));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return freePort();
  }
}

/** @throws {DevstackError} the port is taken; names the environment variable that chooses another. */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  try {
    await listenOnce(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new DevstackError(
      `Port ${port} is in use: stop what listens there, or choose another with ${variable}=${port + 10}.`,
    );
  }
}

async function listenOnce(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return address.port;
}
