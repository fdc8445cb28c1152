import { runCommand } from './setup/bootstrap.mjs';

await runCommand('start.command.ts');
