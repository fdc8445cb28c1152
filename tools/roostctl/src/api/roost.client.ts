import createClient, { type Client } from 'openapi-fetch';
import { CommandError, exitCodes } from '../exit-codes';
import type { components, paths } from './api.types';

export type Agent = components['schemas']['AgentDto'];
export type AgentStatus = components['schemas']['AgentStatusDto'];
export type RoostClient = Client<paths>;

const ANSWER_MS = 150_000;
const PAGE = 200;

/** The REST API; every request has a deadline, and a refusal of the service becomes a {@link CommandError}. */
export function roostClient(
  origin: string,
  api_key: string | undefined,
  deadline_ms = ANSWER_MS,
): RoostClient {
  const client = createClient<paths>({
    baseUrl: origin.replace(/\/$/, ''),
    headers: api_key === undefined ? {} : { authorization: `Bearer ${api_key}` },
    fetch: (request) => answerTo(request, origin, deadline_ms),
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

/** The whole answer in time; of a stream of events its head, for it goes on for as long as it likes. */
async function answerTo(request: Request, origin: string, deadline_ms: number): Promise<Response> {
  const end = new AbortController();
  const late = (): void => end.abort(new Error(`no whole answer within ${deadline_ms / 1_000} s`));
  const timer = setTimeout(late, deadline_ms);
  request.signal.addEventListener('abort', () => end.abort(), { once: true });
  try {
    // Not as another Request: when that is collected, nothing ends the wait.
    const answer = await fetch(request, { signal: end.signal });
    if (answer.ok && request.headers.get('accept') === 'text/event-stream') return answer;
    const body = await answer.arrayBuffer();
    return new Response(body.byteLength > 0 ? body : null, answer);
  } catch (error) {
    if (request.signal.aborted) throw new CommandError('Interrupted.', exitCodes.interrupted);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
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
