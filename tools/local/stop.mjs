import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runCommand } from './setup/bootstrap.mjs';

// Nothing was ever started here: no reason to install anything first.
if (!existsSync(join(root, '.roost', 'stack.json'))) console.log('Nothing is running here.');
else await runCommand('stop.command.ts');
