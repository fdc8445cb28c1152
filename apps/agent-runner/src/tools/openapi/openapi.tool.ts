import { type OpenapiTool, operationToolName } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import { DocumentError, type DocumentOperation, readOperations, serverOf } from '@roost/openapi-document';
import { exchange } from '../http.exchange';
import { fillHeaders, type ToolArguments } from '../template';
import { type Tool, type ToolAnswer, type ToolCallOptions, ToolUnavailableError } from '../tool';
import { definition, type ToolBuilder } from '../tool.builder';
import { fetchDocument } from './document.source';
import { operationRequest } from './operation.request';

/** One operation of an API. */
class OpenapiOperation implements Tool {
  constructor(
    private readonly tool: OpenapiTool,
    private readonly operation: DocumentOperation,
    private readonly server_url: string,
    private readonly http: GuardedHttpClient,
    private readonly secrets: Readonly<Record<string, string>>,
  ) {}

  call(args: ToolArguments, { idempotency_key, signal, asker }: ToolCallOptions): Promise<ToolAnswer> {
    const { headers, ...request } = operationRequest(this.operation, this.server_url, args);
    const own = fillHeaders(this.tool.headers, { asker, secrets: this.secrets });
    return exchange(this.http, this.tool, {
      ...request,
      method: this.operation.method,
      headers: withOwn(headers, own),
      idempotency_key,
      signal,
    });
  }
}

export const openapiTool: ToolBuilder<OpenapiTool> = async (tool, { http, runtime }) => {
  const document: unknown = tool.url === null ? tool.document : await fetchDocument(http, tool);
  try {
    const server_url = tool.server_url ?? serverOf(document, tool.url);
    const operations = readOperations(document, tool.operations, tool.server_url !== null);
    return operations.map((operation) => ({
      definition: definition(
        operationToolName(tool.name, operation.operation_id),
        [tool.description, operation.description].filter((text) => text !== '').join('\n'),
        operation.parameters,
      ),
      tool: new OpenapiOperation(tool, operation, server_url, http, runtime.secrets ?? {}),
    }));
  } catch (error) {
    if (error instanceof DocumentError) throw new ToolUnavailableError(`${error.message}.`, { cause: error });
    throw error;
  }
};

/** What is configured wins over what the model chose, however it is written. */
function withOwn(chosen: Record<string, string>, own: Record<string, string>): Record<string, string> {
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const kept = Object.entries(chosen).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...own };
}
