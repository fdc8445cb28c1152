import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/bootstrap.mjs';
import { runCommand } from './setup/command.mjs';

// Nothing was ever started here: no reason to install anything first.
if (!existsSync(join(root, '.roost', 'stack.json'))) console.log('Nothing is running here.');
else await runCommand('stop.command.ts');
