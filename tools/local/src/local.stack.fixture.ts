// Runs the local stack of another directory, for tests. Usage: local.stack.fixture.ts ROOT all|deps
import { exitWith } from '../setup/command.mjs';
import { readConfig } from './config';
import { runLocalStack } from './local.stack';
import { pathsOf } from './paths';

const [root = '', mode] = process.argv.slice(2);
await exitWith(() =>
  runLocalStack({
    paths: pathsOf(root),
    config: readConfig(root),
    mode: mode === 'deps' ? 'deps' : 'all',
    prepare: () => Promise.resolve(),
  }),
);
