import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, endProcess, identify } from '@roost/devstack';

/** Longer than a runner needs to hand back what it holds. */
const graceMs = 12_000;

/**
 * Ends the runners that the manager's process launcher started and that, by design, outlive the manager. Its state
 * directory holds one `<instance_id>.json` with a `pid` each; a pid that went to another program is left alone.
 */
export async function endRunners(stateDirectory: string, runnerEntry: string): Promise<number> {
  const running = readdirSync(stateDirectory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => pidIn(join(stateDirectory, name)) ?? [])
    .filter((pid) => commandLine(pid).includes(runnerEntry))
    .flatMap((pid) => identify(pid) ?? []);
  await Promise.all(running.map((identity) => endProcess(identity, 'SIGTERM', graceMs)));
  return running.length;
}

function pidIn(file: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' && Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}
