import { runCommand } from './setup/command.mjs';

await runCommand('start.command.ts');
