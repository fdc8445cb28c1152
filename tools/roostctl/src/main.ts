import { environment } from './config';
import { run } from './run';
import { processTerminal } from './terminal';

// At once: a reader of the standard input would keep the process.
process.exit(await run(process.argv.slice(2), processTerminal(), environment()));
