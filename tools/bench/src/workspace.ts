import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const root = join(import.meta.dirname, '../../..');
/** Kept between runs: Node, the unbundled runner, results. */
export const benchDir = join(root, '.roost/bench');
export const managerEntry = join(root, 'dist/apps/manager-api/main.js');
export const migrateEntry = join(root, 'dist/apps/manager-api/migrate.js');
export const runnerEntry = join(root, 'dist/apps/agent-runner/main.js');

/** A new folder of one measurement. */
export function scratchDir(name: string): string {
  mkdirSync(benchDir, { recursive: true });
  return mkdtempSync(join(benchDir, `${name}-`));
}

/** Standard output of a command. @throws {Error} with the end of what it wrote. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  try {
    const { stdout } = await execute(command, args, {
      cwd: root,
      timeout: options.deadline_ms ?? 120_000,
      maxBuffer: 64 * 2 ** 20,
      ...(options.env ? { env: options.env } : {}),
    });
    return stdout.trim();
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${`${stdout}\n${stderr}`.slice(-4_000)}`, {
      cause: error,
    });
  }
}

export interface RunOptions {
  deadline_ms?: number;
  env?: NodeJS.ProcessEnv;
}

/** What is measured is what would be deployed. */
export async function bundleApps(): Promise<void> {
  for (const app of ['manager-api', 'agent-runner']) await bundle(app);
}

export const bundleGateway = (): Promise<void> => bundle('telegram-gateway');

async function bundle(app: string): Promise<void> {
  await run(process.execPath, ['tools/build/bundle.mjs', `apps/${app}`]);
}
