import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where the local stack of one clone keeps things. */
export interface Paths {
  root: string;
  /** Everything that outlives a run; removing it starts from nothing. */
  state: string;
  /** `stack.json`: who runs here now. */
  lock: string;
  secrets: string;
  logs: string;
  /** Records of the processes we started. */
  processes: string;
  postgres: string;
  redis: string;
  /** Kept by the manager's process launcher: one directory a runner instance. */
  runners: string;
  /** Documents of knowledge bases, kept by the manager. */
  knowledge: string;
  /** The bundled apps. */
  apps: string;
}

export function pathsOf(root: string, state = join(root, '.roost')): Paths {
  const paths = {
    root,
    state,
    lock: join(state, 'stack.json'),
    secrets: join(state, 'secrets.json'),
    logs: join(state, 'logs'),
    processes: join(state, 'processes'),
    postgres: join(state, 'postgres'),
    redis: join(state, 'redis'),
    runners: join(state, 'runners'),
    knowledge: join(state, 'knowledge'),
    apps: join(root, 'dist', 'apps'),
  };
  for (const directory of [paths.logs, paths.processes, paths.runners]) {
    mkdirSync(directory, { recursive: true });
  }
  return paths;
}
