import { environment } from './config';
import { run } from './run';
import { processTerminal } from './terminal';

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

const exit_code = await run(process.argv.slice(2), processTerminal(), environment());
await Promise.all([process.stdout, process.stderr].map(flushed));
// A reader of the standard input would keep the process.
process.exit(exit_code);
