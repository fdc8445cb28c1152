import { rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { build } from 'rolldown';
import { benchDir, root } from '../workspace';

/** Ours, and what the compiler brings itself. */
const inlined = /^(@roost|@oxc-project\/runtime)\//;

/**
 * The runner as a compiler alone would leave it: one file a module, packages in node_modules. Decorators and types
 * are gone on both sides, so that both do the same work at run time.
 */
export async function buildUnbundled(): Promise<string> {
  // Below the workspace, so that Node finds its node_modules.
  const dir = join(benchDir, 'unbundled');
  rmSync(dir, { recursive: true, force: true });
  await build({
    cwd: root,
    input: { main: './apps/agent-runner/src/main.ts' },
    platform: 'node',
    tsconfig: './apps/agent-runner/tsconfig.json',
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && !inlined.test(id),
    logLevel: 'warn',
    output: {
      dir,
      format: 'esm',
      preserveModules: true,
      preserveModulesRoot: root,
      entryFileNames: '[name].js',
    },
  });
  return join(dir, 'main.js');
}
