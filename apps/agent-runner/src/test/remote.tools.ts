import type { HandoffTool, McpTool, WebSearchTool } from '@roost/contracts';
import type { ToolCallOptions } from '../tools/tool';

/** Tools with everything stored ones have; `changes` wins. */
export const mcpTool = (changes: Partial<McpTool> & { url: string }): McpTool => ({
  type: 'mcp',
  name: 'shop',
  description: '',
  headers: {},
  allowed_tools: ['find_article'],
  timeout_s: 5,
  response_bytes_max: 65_536,
  ...changes,
});

export const webSearchTool = (changes: Partial<WebSearchTool> = {}): WebSearchTool => ({
  type: 'web_search',
  name: 'web_search',
  description: 'Searches the web.',
  limit: 5,
  include_domains: [],
  exclude_domains: [],
  ...changes,
});

export const handoffTool = (changes: Partial<HandoffTool> = {}): HandoffTool => ({
  type: 'handoff',
  name: 'ask_accounting',
  description: 'Answers questions about invoices.',
  agent_id: 'agent_accounting_p3q9',
  timeout_s: 5,
  ...changes,
});

/** A call as the graph makes it, by somebody nothing is known of. */
export const aCall = (changes: Partial<ToolCallOptions> = {}): ToolCallOptions => ({
  idempotency_key: 'msg_1:0:0',
  signal: new AbortController().signal,
  asker: { thread_id: 'thr_1', message_id: 'msg_1', channel: 'web', user_id: null, user_data: {} },
  requestAuthorization: () => undefined,
  ...changes,
});
