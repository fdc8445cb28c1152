import createClient, { type Client } from 'openapi-fetch';
import { CommandError, exitCodes } from '../exit-codes';
import type { components, paths } from './api.types';

export type Agent = components['schemas']['AgentDto'];
export type AgentStatus = components['schemas']['AgentStatusDto'];
export type RoostClient = Client<paths>;

const ANSWER_MS = 150_000;
const PAGE = 200;

/** The REST API; every request has a deadline, and a refusal of the service becomes a {@link CommandError}. */
export function roostClient(origin: string, api_key: string | undefined): RoostClient {
  const client = createClient<paths>({
    baseUrl: origin.replace(/\/$/, ''),
    headers: api_key === undefined ? {} : { authorization: `Bearer ${api_key}` },
    fetch: (request) => answerTo(request, origin),
  });
  client.use({
    onResponse: async ({ response }) => {
      if (!response.ok) throw refusal(response.status, await response.json().catch(() => ({})));
    },
  });
  return client;
}

/** What a request answered; the client throws before there is none. */
export function answered<T>({ data }: { data?: T }): T {
  if (data === undefined) throw new CommandError('The service answered with nothing.', exitCodes.unavailable);
  return data;
}

/** Every agent, newest first. */
export async function everyAgent(client: RoostClient): Promise<Agent[]> {
  const agents: Agent[] = [];
  for (let cursor: string | undefined; ;) {
    const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next_cursor } = answered(await client.GET('/agents', { params: { query } }));
    agents.push(...items);
    if (next_cursor === null) return agents;
    cursor = next_cursor;
  }
}

async function answerTo(request: Request, origin: string): Promise<Response> {
  // A stream goes on for as long as it likes; its head must come in time.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_MS);
  const leave = (): void => late.abort();
  request.signal.addEventListener('abort', leave, { once: true });
  try {
    return await fetch(new Request(request, { signal: late.signal }));
  } catch (error) {
    if (request.signal.aborted) throw new CommandError('Interrupted.', exitCodes.interrupted);
    const cause = error instanceof Error ? error.cause : undefined;
    const why = cause instanceof Error && cause.message !== '' ? cause.message : String(error);
    throw new CommandError(
      `${origin} does not answer (${why}); is it running? Set ROOST_URL or --url.`,
      exitCodes.unavailable,
    );
  } finally {
    clearTimeout(timer);
  }
}

interface Problem {
  title?: string;
  detail?: string;
  errors?: { field: string; message: string }[];
}

function refusal(status: number, body: unknown): CommandError {
  const { title, detail, errors = [] } = body as Problem;
  const fields = errors.map(({ field, message }) => `\n  ${field}: ${message}`).join('');
  const text = `${title ?? status}. ${errors.length > 0 ? '' : (detail ?? '')}${fields}`;
  if (status === 401) return new CommandError(`${text} Set ROOST_API_KEY or --api-key.`, exitCodes.refused);
  if (status === 403) return new CommandError(text, exitCodes.refused);
  if (status === 404) return new CommandError(text, exitCodes.not_found);
  return new CommandError(text, status >= 500 ? exitCodes.unavailable : exitCodes.failed);
}
