import { runCommand } from './setup/command.mjs';

await runCommand('faults.command.ts');
