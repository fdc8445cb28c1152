import { type ChatCompletionRequest, getTextContent, type LLMock, type ToolCall } from '@copilotkit/aimock';
import type { HttpRequestTool } from '@roost/contracts';

/** A tool with everything a stored one has; `changes` wins. */
export const httpTool = (changes: Partial<HttpRequestTool> & { url: string }): HttpRequestTool => ({
  type: 'http_request',
  name: 'book',
  description: 'Books a table.',
  method: 'POST',
  headers: {},
  query: {},
  body: null,
  parameters: { type: 'object', properties: { table: { type: 'string' } } },
  timeout_s: 20,
  retries: 2,
  response_bytes_max: 65_536,
  idempotency_header: 'Idempotency-Key',
  ...changes,
});

export const toolCall = (name: string, args: object | string, id = `call_${name}`): ToolCall => ({
  id,
  name,
  arguments: typeof args === 'string' ? args : JSON.stringify(args),
});

/** Answers of tools that the model has read since the user spoke last. */
export const toolAnswers = ({ messages }: ChatCompletionRequest): string[] => {
  const spoke = messages.findLastIndex(({ role }) => role === 'user');
  return messages
    .slice(spoke)
    .flatMap(({ role, content }) => (role === 'tool' ? [getTextContent(content) ?? ''] : []));
};

/** The model first calls these tools, saying something or nothing, and replies once it has read an answer. */
export function callsThenSays(model: LLMock, calls: ToolCall[], reply: string, before = ''): void {
  model.addFixture({
    match: { predicate: (request) => toolAnswers(request).length === 0 },
    response: before === '' ? { toolCalls: calls } : { content: before, toolCalls: calls },
  });
  model.addFixture({ match: { predicate: () => true }, response: { content: reply } });
}
