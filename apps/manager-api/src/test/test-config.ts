import { type ManagerConfig, readConfig } from '../config';

/** A configuration for tests: free ports, the memory launcher, and what the test says. */
export const testConfig = (overrides: Record<string, string> = {}): ManagerConfig =>
  readConfig({
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    REDIS_URL: 'redis://127.0.0.1:1',
    SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    BOOTSTRAP_API_KEY: `roost_${'A'.repeat(43)}`,
    MANAGER_HOST: '127.0.0.1',
    MANAGER_PORT: '0',
    INTERNAL_PORT: '0',
    LAUNCHER: 'memory',
    LOG_LEVEL: 'fatal',
    ...overrides,
  });
