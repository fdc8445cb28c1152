import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The suite runs what is shipped. Bundles that are up to date are left as they are. */
export default function setup(): void {
  const nx = join(root, 'node_modules', '.bin', 'nx');
  const args = [
    'run-many',
    '-t',
    'build',
    '-p',
    'manager-api,agent-runner,telegram-gateway,engine-proxy',
    '--outputStyle=static',
  ];
  try {
    execFileSync(process.execPath, [nx, ...args], {
      cwd: root,
      env: { ...process.env, NX_DAEMON: 'false' },
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 300_000,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`the bundles could not be built:\n${stdout}${stderr}`, { cause: error });
  }
}
