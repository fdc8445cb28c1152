// A program that starts something and waits, for tests that end it. Usage: supervisor.fixture.ts sleep|postgres DIR
import { join } from 'node:path';
import { startPostgres } from '../postgres/postgres.server';
import { startChild } from './managed.child';

const [what, dir = ''] = process.argv.slice(2);
const { pid } =
  what === 'postgres'
    ? await startPostgres({ dataDir: dir, fsync: false })
    : await startChild({
        name: 'sleep',
        command: 'sleep',
        args: ['600'],
        logFile: join(dir, 'sleep.log'),
        recordFile: join(dir, 'sleep.json'),
      });
process.stdout.write(`${pid}\n`);
// Ends with the test that runs it, however that ends.
process.stdin.once('end', () => process.exit()).resume();
