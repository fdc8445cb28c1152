import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DevstackError } from '@roost/devstack';

export interface LocalConfig {
  managerPort: number;
  internalPort: number;
  /** Health checks and webhooks of the Telegram gateway. */
  gatewayPort: number;
  /** Absent: the demo model answers. */
  openaiApiKey: string | undefined;
  /** What the demo agent asks for when it is created. */
  demoModelName: string;
  ci: boolean;
}

/** The environment, with the repository's `.env` filling what it leaves open. */
export function readConfig(root: string): LocalConfig {
  const file = join(root, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
  return {
    managerPort: portOf('MANAGER_PORT', 8000),
    internalPort: portOf('INTERNAL_PORT', 8001),
    gatewayPort: portOf('GATEWAY_PORT', 8002),
    openaiApiKey: process.env['OPENAI_API_KEY'] || undefined,
    demoModelName: process.env['DEMO_MODEL'] || 'gpt-4o-mini',
    ci: process.env['CI'] === 'true',
  };
}

function portOf(variable: string, usual: number): number {
  const value = process.env[variable];
  if (!value) return usual;
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new DevstackError(`${variable}=${value} is no port: set it to a number from 1 to 65535.`);
}
