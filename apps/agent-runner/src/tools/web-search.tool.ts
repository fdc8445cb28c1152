import type { WebSearchTool } from '@roost/contracts';
import { type GuardedHttpClient, GuardedHttpError, type GuardedResponse } from '@roost/guarded-http';
import { z } from 'zod';
import type { Tool, ToolAnswer, ToolCallOptions } from './tool';
import { definition, type ToolBuilder } from './tool.builder';

const DEADLINE_MS = 20_000;
const RESPONSE_BYTES_MAX = 1_048_576;
const TITLE_MAX = 200;
const URL_MAX = 500;
const SNIPPET_MAX = 1_500;

const PARAMETERS = {
  type: 'object',
  properties: { query: { type: 'string', minLength: 1, maxLength: 400, description: 'What to search for.' } },
  required: ['query'],
  additionalProperties: false,
};

/** https://docs.tavily.com/documentation/api-reference/endpoint/search */
const SearchAnswer = z.object({
  results: z.array(z.object({ title: z.string(), url: z.string(), content: z.string() })),
});

interface SearchAccess {
  base_url: string;
  api_key: string;
}

/** The operator's search engine, asked with the operator's key. */
class TavilySearch implements Tool {
  constructor(
    private readonly tool: WebSearchTool,
    private readonly access: SearchAccess,
    private readonly http: GuardedHttpClient,
  ) {}

  async call({ query }: Record<string, unknown>, { signal }: ToolCallOptions): Promise<ToolAnswer> {
    const { limit, include_domains, exclude_domains } = this.tool;
    try {
      const response = await this.http.request({
        url: `${this.access.base_url.replace(/\/$/, '')}/search`,
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.access.api_key}`,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        body: JSON.stringify({ query, max_results: limit, include_domains, exclude_domains }),
        deadline_ms: DEADLINE_MS,
        response_bytes_max: RESPONSE_BYTES_MAX,
        signal,
      });
      return resultsOf(response, limit);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GuardedHttpError) return failed(error.message);
      throw error;
    }
  }
}

/** With a client of its own: what the operator named may be private, and is opened to this tool alone. */
export const webSearchTool: ToolBuilder<WebSearchTool> = (tool, { outbound, runtime: { web_search } }) =>
  Promise.resolve([
    {
      definition: definition(tool.name, tool.description, PARAMETERS),
      tool: web_search
        ? new TavilySearch(tool, web_search, outbound.client([new URL(web_search.base_url).host]))
        : withoutKey,
    },
  ]);

const withoutKey: Tool = {
  call: () =>
    Promise.resolve(failed('no search engine is set up here. The operator can set one up: TAVILY_API_KEY')),
};

function resultsOf({ status, body }: GuardedResponse, limit: number): ToolAnswer {
  if (status === 401 || status === 403) return failed('the operator has to check TAVILY_API_KEY');
  if (status === 429 || status === 432 || status === 433)
    return failed('too much was searched for; the operator can raise the limit of the plan');
  if (status !== 200) return failed(`the search engine answered ${status}; try again later`);
  const answer = SearchAnswer.safeParse(parsed(body));
  if (!answer.success) return failed('the search engine answered something that is no list of results');
  const results = answer.data.results.slice(0, limit).map(({ title, url, content }) => ({
    title: title.slice(0, TITLE_MAX),
    url: url.slice(0, URL_MAX),
    snippet: content.slice(0, SNIPPET_MAX),
  }));
  return { ok: true, content: results.length === 0 ? 'Nothing was found.' : JSON.stringify(results) };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

const failed = (why: string): ToolAnswer => ({ ok: false, content: `The web cannot be searched: ${why}.` });
