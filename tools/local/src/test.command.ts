import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  detectEngine,
  DevstackError,
  ensureRedisBinary,
  findProgram,
  findRedisBinary,
  installPackage,
} from '@roost/devstack';
import { root } from '../setup/bootstrap.mjs';
import { say, step } from '../setup/progress.mjs';
import { readConfig } from './config';
import { closingLine, countTests, failedTests } from './test.results';

const results = join(root, 'dist', 'test-results');
const nx = join(root, 'node_modules', '.bin', 'nx');
const vitest = join(root, 'node_modules', '.bin', 'vitest');
const WHOLE_SUITE = 'Skipped tests of e2e/faults belong to the whole fault suite: npm run test:faults.';
const e2eConfig = join('e2e', 'vitest.config.ts');

/** `npm test`: set-up, then every check there is. */
export async function main(): Promise<number> {
  const { ci } = readConfig(root);
  if (!findRedisBinary()) await step('Redis program', () => ensureRedisBinary(say));
  await offerBrowser();
  const engine = await detectEngine();
  console.log(engine.available ? `Docker Engine: ${engine.host}` : `Docker Engine: none, ${engine.reason}.`);
  if (!engine.available) console.log(ci ? '  CI requires it.' : '  What needs it will be skipped.');

  const env = {
    ...process.env,
    NX_DAEMON: 'false',
    // Both are part of the cache's key: a result without an engine says nothing about one with it.
    ROOST_ENGINE: engine.available ? 'available' : 'none',
    ...(ci ? { ROOST_REQUIRE_ENGINE: '1' } : {}),
  };
  rmSync(results, { recursive: true, force: true });
  const targets = ['lint', 'typecheck', 'test', 'build'];
  const checks = await run([nx, 'run-many', '-t', ...targets, '--outputStyle=static'], env);
  const endToEnd = await runEndToEnd(checks === 0, env);

  const counts = countTests(results);
  const failed = checks !== 0 || endToEnd !== 0 || counts.failed > 0;
  for (const line of failedTests(results)) console.log(`FAILED ${line}`);
  if (failed && counts.failed === 0) console.log('\nNot all checks passed: see above.');
  if (counts.skipped > 0)
    console.log(`\n${engine.available ? '' : 'What needs a Docker Engine was skipped. '}${WHOLE_SUITE}`);
  console.log(`\n${closingLine(counts)}`);
  return failed ? 1 : 0;
}

async function runEndToEnd(checksPassed: boolean, env: NodeJS.ProcessEnv): Promise<number> {
  if (!existsSync(join(root, e2eConfig))) {
    console.log(`\nThe end-to-end suite is skipped: there is no ${e2eConfig}.`);
    return 0;
  }
  if (!checksPassed) {
    console.log('\nThe end-to-end suite was not run: the checks above come first.');
    return 1;
  }
  const report = ['--reporter=default', '--reporter=json', `--outputFile.json=${join(results, 'e2e.json')}`];
  return run([vitest, 'run', '--config', e2eConfig, ...report], env);
}

/** One test drives a browser; without one it skips itself. */
async function offerBrowser(): Promise<void> {
  if (findProgram('chromium', 'chromium-browser', 'google-chrome')) return;
  try {
    await step('Browser', () => installPackage('chromium', 'Chromium is missing', say));
  } catch (error) {
    if (!(error instanceof DevstackError)) throw error;
    console.log(`The browser test will be skipped. ${error.message}`);
  }
}

async function run(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', forward);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGTERM', forward);
  }
}
