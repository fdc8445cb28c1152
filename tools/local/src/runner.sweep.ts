import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess, isAlive, type ProcessIdentity } from '@roost/devstack';

/** Longer than a runner needs to hand back what it holds. */
const graceMs = 12_000;

/**
 * Ends the runners that the manager's process launcher started and that, by design, outlive the manager. The
 * launcher notes each in `<instance>/instance.json` below its state directory; a pid that went to another process
 * is left alone.
 */
export async function endRunners(stateDirectory: string): Promise<void> {
  const running = readdirSync(stateDirectory)
    .flatMap((instance) => processNotedIn(join(stateDirectory, instance, 'instance.json')) ?? [])
    .filter(isAlive);
  await Promise.all(running.map((identity) => endProcess(identity, 'SIGTERM', graceMs)));
}

function processNotedIn(file: string): ProcessIdentity | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { process: ProcessIdentity | null }).process;
  } catch {
    // A folder that is being made or removed.
    return null;
  }
}
