import { join } from 'node:path';
import { installPackages, requireNode, root } from './bootstrap.mjs';

/**
 * Runs a command's program: set-up first, then its TypeScript part.
 *
 * @param {string} script below tools/local/src, exporting `main(args)`
 */
export async function runCommand(script) {
  process.chdir(root);
  await exitWith(async () => {
    requireNode(process.versions.node);
    await installPackages();
    const { register } = await import('tsx/esm/api');
    register({ tsconfig: join(root, 'tsconfig.json') });
    const { main } = await import(`../src/${script}`);
    return main(process.argv.slice(2));
  });
}

/** Their messages say all there is to say; a stack trace is for what nobody foresaw. */
const foreseen = ['UserError', 'DevstackError', 'WaitError', 'ServiceError'];

/**
 * Ends this process with the code that `main` returns, or with 1 and the message of what went wrong.
 *
 * @param {() => Promise<number>} main
 */
export async function exitWith(main) {
  try {
    process.exit(await main());
  } catch (error) {
    console.error(error instanceof Error && foreseen.includes(error.name) ? error.message : error);
    process.exit(1);
  }
}
