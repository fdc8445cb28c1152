import { once } from 'node:events';
import { environment } from './config';
import { exitCodes } from './exit-codes';
import { run } from './run';
import { processTerminal } from './terminal';

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

const terminal = processTerminal();
const { signal } = terminal;
const exit_code = await run(process.argv.slice(2), terminal, environment());
const written = Promise.all([process.stdout, process.stderr].map(flushed));
if (!signal.aborted) await Promise.race([written, once(signal, 'abort')]);
// At once: a reader of the standard input would keep the process.
process.exit(signal.aborted ? exitCodes.interrupted : exit_code);
