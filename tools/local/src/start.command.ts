import { join } from 'node:path';
import { DevstackError, ensureRedisBinary, findRedisBinary } from '@roost/devstack';
import { root } from '../setup/bootstrap.mjs';
import { say, step } from '../setup/progress.mjs';
import { runNode } from './app.process';
import { readConfig } from './config';
import { runLocalStack, type LocalStackOptions } from './local.stack';
import { pathsOf } from './paths';
import type { StackContext } from './service';

/** `npm start`, `npm run dev` (--reload), `npm run deps` (--deps). */
export async function main(args: string[]): Promise<number> {
  const mode = modeOf(args);
  return runLocalStack({
    paths: pathsOf(root),
    config: readConfig(root),
    mode,
    async prepare(stack) {
      if (!findRedisBinary()) await step('Redis program', () => ensureRedisBinary(say));
      if (mode !== 'deps') await step('Building the apps', () => build(stack));
    },
  });
}

function modeOf(args: string[]): LocalStackOptions['mode'] {
  const [flag, ...more] = args;
  if (more.length === 0) {
    if (flag === undefined) return 'all';
    if (flag === '--reload') return 'reload';
    if (flag === '--deps') return 'deps';
  }
  throw new DevstackError(
    `npm start does not know "${args.join(' ')}": it takes --reload, --deps or nothing.`,
  );
}

async function build(stack: StackContext): Promise<void> {
  const nx = join(stack.paths.root, 'node_modules', '.bin', 'nx');
  const projects = '--projects=manager-api,agent-runner,telegram-gateway';
  // Without its daemon, which would go on after us.
  const env = { ...stack.env, NX_DAEMON: 'false', FORCE_COLOR: '0' };
  await runNode(
    { ...stack, env },
    'build',
    [nx, 'run-many', '-t', 'build', projects, '--outputStyle=static'],
    300_000,
  );
}
