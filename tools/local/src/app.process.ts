import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DevstackError, startChild, waitUntil, type ManagedChild } from '@roost/devstack';
import { ServiceError, type StackContext } from './service';

/** Starts a Node program as a child of the stack; its output goes to `.roost/logs/<name>.log`. */
export function startNode({ paths, env }: StackContext, name: string, args: string[]): Promise<ManagedChild> {
  return startChild({
    name,
    command: process.execPath,
    args,
    cwd: paths.root,
    env,
    logFile: join(paths.logs, `${name}.log`),
    recordFile: join(paths.processes, `${name}.json`),
  });
}

/** Runs a Node program to its end. @throws {ServiceError} it failed; shows its last lines. */
export async function runNode(
  stack: StackContext,
  name: string,
  args: string[],
  deadlineMs: number,
): Promise<void> {
  const child = await startNode(stack, name, args);
  try {
    await waitUntil(`${name} ends`, () => Promise.resolve(child.exit ?? undefined), {
      deadlineMs,
      watched: child,
    });
  } finally {
    await child.stop(5_000);
  }
  if (child.exit?.code !== 0) throw new ServiceError(`${name} failed`, child);
}

/** The path of a bundled app's program. */
export function bundleOf({ paths }: StackContext, app: string, program = 'main'): string {
  const file = join(paths.apps, app, `${program}.js`);
  if (existsSync(file)) return file;
  throw new DevstackError(`${file} is missing: build it with npx nx run ${app}:build.`);
}
