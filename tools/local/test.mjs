import { runCommand } from './setup/bootstrap.mjs';

await runCommand('test.command.ts');
