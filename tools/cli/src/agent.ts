import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readConfig } from './config';

const USAGE =
  'usage: npm run agent -- --agent-id <agent_id> [--internal-url http://127.0.0.1:8001] [--redis-url redis://127.0.0.1:6379]';
const BUNDLE = 'dist/apps/agent-runner/main.js';
const Granted = z.object({ instance_id: z.string(), code: z.string(), generation: z.int() });

/** Runs one agent by hand, in this terminal, in place of the instance that the launcher would start. */
const { values } = parseArgs({
  options: {
    'agent-id': { type: 'string' },
    'internal-url': { type: 'string' },
    'redis-url': { type: 'string' },
  },
});
const agent_id = values['agent-id'];
if (agent_id === undefined) fail(USAGE, 2);
const config = readConfig();
if (config.api_key === null)
  fail('An admin key is needed: set ROOST_API_KEY, or run npm start in this folder first.', 2);
if (!existsSync(BUNDLE)) fail('The runner is not built: npx nx run agent-runner:build', 2);

const internal_url = values['internal-url'] ?? config.internal_url;
const granted = await takeGeneration(internal_url, agent_id, config.api_key);
console.log(`Generation ${granted.generation} of ${agent_id} is yours; Ctrl-C hands the agent back.`);
const runner = spawn(
  process.execPath,
  [
    BUNDLE,
    '--agent-id',
    agent_id,
    '--config-url',
    `${internal_url}/agents/${agent_id}/config`,
    '--redis-url',
    values['redis-url'] ?? config.redis_url,
  ],
  {
    stdio: 'inherit',
    env: {
      PATH: config.path,
      INSTANCE_ID: granted.instance_id,
      EXCHANGE_CODE: granted.code,
      LOG_FORMAT: 'pretty',
    },
  },
);
// Ctrl-C reaches the runner as well, which finishes what it holds.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => runner.kill('SIGTERM'));
runner.on('exit', (code) => {
  // The agent is asleep again at once, not when its silence has been noticed.
  void tellStopped(agent_id, config.api_key).finally(() => process.exit(code ?? 1));
});

async function tellStopped(id: string, key: string | null): Promise<void> {
  const stop = `${config.manager_url}/agents/${id}/stop`;
  const headers = { authorization: `Bearer ${key ?? ''}` };
  await fetch(stop, { method: 'POST', headers, signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
}

async function takeGeneration(url: string, id: string, key: string): Promise<z.infer<typeof Granted>> {
  const response = await fetch(`${url}/internal/instances`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ agent_id: id }),
    signal: AbortSignal.timeout(60_000),
  }).catch((error: unknown) =>
    fail(`${url} does not answer (${String(error)}); is the manager's internal port there?`, 1),
  );
  const body: unknown = await response.json();
  if (!response.ok) {
    const { title, detail } = body as { title?: unknown; detail?: unknown };
    fail(`${String(title)}. ${String(detail)}`, 1);
  }
  return Granted.parse(body);
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}
