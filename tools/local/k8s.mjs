import { runCommand } from './setup/command.mjs';

await runCommand('k8s.command.ts');
