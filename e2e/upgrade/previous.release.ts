import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Release, workspaceRoot } from '@roost/testing';
import { PREVIOUS_VERSION } from './previous.version';

const APPS = ['manager-api', 'agent-runner', 'telegram-gateway'];
/** What its bundles are made of, as for its images. */
const SOURCES = ['apps', 'libs', 'tools/build', 'package.json', 'tsconfig.base.json', ':!*.spec.ts'];
const folder = join(workspaceRoot, 'dist/previous', PREVIOUS_VERSION);

/** Whether the previous version cannot be had here, for `skipIf`. */
export const isMissing = !existsSync(folder) && !isInHistory();
if (isMissing)
  console.warn(`Upgrades are not tested: the history lacks ${PREVIOUS_VERSION}. Try git fetch --unshallow.`);

function isInHistory(): boolean {
  try {
    git('cat-file', '-e', `${PREVIOUS_VERSION}^{tree}`);
    return true;
  } catch {
    return false;
  }
}

/** The previous version, built out of the history; later runs find it built. */
export function previousRelease(): Release {
  if (!existsSync(folder)) {
    const sources = `${folder}.${process.pid}`;
    mkdirSync(sources, { recursive: true });
    try {
      execFileSync('tar', ['-x', '-C', sources], { input: git('archive', PREVIOUS_VERSION, ...SOURCES) });
      for (const app of APPS) {
        const args = ['tools/build/bundle.mjs', `apps/${app}`];
        execFileSync(process.execPath, args, { cwd: sources, stdio: 'pipe', timeout: 120_000 });
      }
      renameSync(join(sources, 'dist/apps'), folder);
    } catch (error) {
      // Another file may have built it meanwhile.
      if (!existsSync(folder)) throw error;
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
