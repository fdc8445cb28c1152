import type { HttpRequestTool } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import { type AnswerCut, answerCut } from './answer.path';
import { exchange } from './http.exchange';
import { fillBody, fillHeaders, fillUrl, type ToolArguments } from './template';
import type { Tool, ToolAnswer, ToolCallOptions } from './tool';
import { definition, type ToolBuilder } from './tool.builder';

/** A request to an address of the author's choice. */
export class HttpRequest implements Tool {
  constructor(
    private readonly tool: HttpRequestTool,
    private readonly http: GuardedHttpClient,
    private readonly secrets: Readonly<Record<string, string>>,
    private readonly cut: AnswerCut,
  ) {}

  async call(args: ToolArguments, { idempotency_key, signal, asker }: ToolCallOptions): Promise<ToolAnswer> {
    const { method, url, query, headers, body } = this.tool;
    const values = { args, asker, secrets: this.secrets };
    const answer = await exchange(this.http, this.tool, {
      method,
      url: fillUrl(url, query, values),
      headers: fillHeaders(headers, values),
      body: fillBody(body, values),
      idempotency_key,
      signal,
    });
    return this.cut(answer);
  }
}

export const httpRequestTool: ToolBuilder<HttpRequestTool> = async (tool, { http, runtime }) => [
  {
    definition: definition(tool.name, tool.description, tool.parameters),
    tool: new HttpRequest(tool, http, runtime.secrets ?? {}, await answerCut(tool.answer_path)),
  },
];
