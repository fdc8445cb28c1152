import { join } from 'node:path';

/** The folder that holds the whole project. */
export const workspaceRoot = join(import.meta.dirname, '../../..');

/** What one release ships: the bundles of its apps. */
export class Release {
  constructor(private readonly folder: string) {}

  bundle(app: string, program = 'main'): string {
    return join(this.folder, app, `${program}.js`);
  }
}

/** What these sources make. */
export const thisRelease = new Release(join(workspaceRoot, 'dist/apps'));

export const bundle = (app: string, program?: string): string => thisRelease.bundle(app, program);
