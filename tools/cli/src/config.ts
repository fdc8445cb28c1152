import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const StackState = z.object({
  manager_url: z.string().optional(),
  api_key: z.string().optional(),
  redis_url: z.string().optional(),
});

/** What the local stack wrote down of itself, if it runs here. */
const STACK_FILE = '.roost/stack.json';

export interface CliConfig {
  manager_url: string;
  /** Null without one: public agents can be talked to all the same. */
  api_key: string | null;
  internal_url: string;
  redis_url: string;
  path: string | undefined;
}

/** `ROOST_URL` and `ROOST_API_KEY`, else the local stack of this folder. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  const stack = existsSync(STACK_FILE) ? StackState.parse(JSON.parse(readFileSync(STACK_FILE, 'utf8'))) : {};
  return {
    manager_url: (env['ROOST_URL'] ?? stack.manager_url ?? 'http://127.0.0.1:8000').replace(/\/$/, ''),
    api_key: env['ROOST_API_KEY'] ?? stack.api_key ?? null,
    internal_url: env['ROOST_INTERNAL_URL'] ?? `http://127.0.0.1:${env['INTERNAL_PORT'] ?? '8001'}`,
    redis_url: withoutCredentials(env['REDIS_URL'] ?? stack.redis_url ?? 'redis://127.0.0.1:6379'),
    path: env['PATH'],
  };
}

/** A runner gets a Redis user of its own. */
function withoutCredentials(url: string): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}
