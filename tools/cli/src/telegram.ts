import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readConfig } from './config';

const USAGE = 'usage: npm run telegram -- --agent-id <agent_id>';
const LOOK_MS = 2_000;
const REQUEST_MS = 15_000;

const Status = z.object({
  state: z.string(),
  bot_username: z.string().nullable(),
  backlog: z.int(),
  last_error: z.object({ detail: z.string() }).nullable(),
});
type Status = z.infer<typeof Status>;

/** Starts the Telegram bot of an agent, shows what becomes of it, and stops it with Ctrl-C. */
const { values } = parseArgs({ options: { 'agent-id': { type: 'string' } } });
const agent_id = values['agent-id'];
if (agent_id === undefined) fail(USAGE, 2);
const config = readConfig();
if (config.api_key === null)
  fail('A key is needed: set ROOST_API_KEY, or run npm start in this folder first.', 2);
const integration = `${config.manager_url}/agents/${encodeURIComponent(agent_id)}/integrations/telegram`;

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

let shown = '';
show(await ask('POST', 'start'));
console.log('Write to it in Telegram; Ctrl-C stops it.');
/** Resolves with whether there is to be another look. */
const nextLook = (): Promise<boolean> => pause(LOOK_MS, true, { signal: ending.signal }).catch(() => false);
while (await nextLook()) show(await ask('GET', 'status'));
show(await ask('POST', 'stop'));

function show({ state, bot_username, backlog, last_error }: Status): void {
  const why = state === 'failed' && last_error ? ` — ${last_error.detail}` : '';
  const line = `@${bot_username ?? '?'}: ${state}, ${backlog} to answer${why}`;
  if (line !== shown) console.log(line);
  shown = line;
}

async function ask(method: string, action: string): Promise<Status> {
  const response = await fetch(`${integration}/${action}`, {
    method,
    headers: { authorization: `Bearer ${config.api_key ?? ''}` },
    signal: AbortSignal.timeout(REQUEST_MS),
  }).catch((error: unknown) => fail(`${config.manager_url} does not answer (${String(error)}).`, 1));
  const body: unknown = await response.json();
  if (response.ok) return Status.parse(body);
  const { title, detail } = body as { title?: unknown; detail?: unknown };
  return fail(`${String(title)}. ${String(detail)}`, 1);
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}
