import type { NetConnectOpts } from 'node:net';

/** Where a server listens: a port of this machine, or a socket in its file system. */
export type ServerAddress = { port: number; host?: string } | { path: string };

export const connectOptions = (address: ServerAddress): NetConnectOpts =>
  'path' in address ? address : { host: '127.0.0.1', ...address };
