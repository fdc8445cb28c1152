import { runCommand } from './setup/command.mjs';

await runCommand('test.command.ts');
