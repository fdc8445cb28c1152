import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { detectEngine, ensureRedisBinary, findRedisBinary } from '@roost/devstack';
import { root } from '../setup/bootstrap.mjs';
import { say, step } from '../setup/progress.mjs';

const vitest = join(root, 'node_modules', '.bin', 'vitest');

/** `npm run test:faults`: the whole fault suite, or the files whose names hold one of the arguments. */
export async function main(args: string[]): Promise<number> {
  if (!findRedisBinary()) await step('Redis program', () => ensureRedisBinary(say));
  const engine = await detectEngine();
  console.log(engine.available ? `Docker Engine: ${engine.host}` : `Docker Engine: none, ${engine.reason}.`);
  const env = {
    FAULTS: 'full',
    ...process.env,
    NX_DAEMON: 'false',
    ROOST_ENGINE: engine.available ? 'available' : 'none',
  };
  const config = join('e2e', 'faults', 'vitest.config.ts');
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', forward);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGTERM', forward);
  }
}
