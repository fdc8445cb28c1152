import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Release, workspaceRoot } from '@roost/testing';
import { PREVIOUS_VERSION } from './previous.version';

const APPS = ['manager-api', 'agent-runner', 'telegram-gateway'];
const folder = join(workspaceRoot, 'dist/previous', PREVIOUS_VERSION);

/** Why there is no previous version to be had here; null when there is one. */
export function whyNoPreviousRelease(): string | null {
  if (existsSync(folder)) return null;
  try {
    git('cat-file', '-e', `${PREVIOUS_VERSION}^{tree}`);
    return null;
  } catch {
    return `the history lacks ${PREVIOUS_VERSION.slice(0, 7)}: git fetch --unshallow`;
  }
}

/** The previous version, built out of the history; later runs find it built. */
export function previousRelease(): Release {
  if (!existsSync(folder)) {
    const sources = `${folder}.${process.pid}`;
    mkdirSync(sources, { recursive: true });
    try {
      execFileSync('tar', ['-x', '-C', sources], { input: git('archive', PREVIOUS_VERSION) });
      for (const app of APPS) {
        const args = ['tools/build/bundle.mjs', `apps/${app}`];
        execFileSync(process.execPath, args, { cwd: sources, stdio: 'pipe', timeout: 120_000 });
      }
      renameSync(join(sources, 'dist/apps'), folder);
    } finally {
      rmSync(sources, { recursive: true, force: true });
    }
  }
  return new Release(folder);
}

/** The repository may be somebody else's, as when root runs the checks. */
function git(...args: string[]): Buffer {
  const trusted = ['-C', workspaceRoot, '-c', `safe.directory=${workspaceRoot}`];
  return execFileSync('git', [...trusted, ...args], { stdio: 'pipe', maxBuffer: 256 * 2 ** 20 });
}
