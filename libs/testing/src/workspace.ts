import { join } from 'node:path';

/** The folder that holds the whole project. */
export const workspaceRoot = join(import.meta.dirname, '../../..');

export const bundle = (app: string, program = 'main'): string =>
  join(workspaceRoot, 'dist', 'apps', app, `${program}.js`);
