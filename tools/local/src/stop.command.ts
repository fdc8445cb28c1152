import { rmSync } from 'node:fs';
import { endProcess, isAlive } from '@roost/devstack';
import { root } from '../setup/bootstrap.mjs';
import { step } from '../setup/progress.mjs';
import { endLeftovers } from './leftover.sweep';
import { pathsOf, type Paths } from './paths';
import { readStackState } from './stack.lock';

/** `npm stop`. */
export async function main(): Promise<number> {
  const ended = await step('Stopping', () => stopLocalStack(pathsOf(root)));
  if (!ended) console.log('Nothing was running here.');
  return 0;
}

/** Ends the stack that runs in this clone, or what is left of one that was killed; false when there was neither. */
export async function stopLocalStack(paths: Paths): Promise<boolean> {
  const state = readStackState(paths.lock);
  // A little more than the sum of what it grants to each of its services.
  if (state && isAlive(state)) await endProcess(state, 'SIGTERM', 60_000);
  await endLeftovers(paths);
  rmSync(paths.lock, { force: true });
  return state !== null;
}
