import { CommanderError } from 'commander';
import { once } from 'node:events';
import type { Environment } from './config';
import { CommandError, exitCodes } from './exit-codes';
import { buildProgram } from './program';
import type { Terminal } from './terminal';

/** Runs one command line and resolves with the exit code; whatever fails is told on standard error. */
export async function run(args: readonly string[], terminal: Terminal, env: Environment): Promise<number> {
  try {
    // Ctrl-C ends a command whatever it waits for.
    const interrupted = once(terminal.signal, 'abort').then(() => {
      throw new CommandError('Interrupted.', exitCodes.interrupted);
    });
    await Promise.race([buildProgram(terminal, env).parseAsync(args, { from: 'user' }), interrupted]);
    return exitCodes.ok;
  } catch (error) {
    // Commander has written its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.invalid;
    if (terminal.signal.aborted) return exitCodes.interrupted;
    terminal.err(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof CommandError ? error.exit_code : exitCodes.failed;
  }
}
