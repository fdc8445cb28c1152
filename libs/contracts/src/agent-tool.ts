import type { HandoffTool } from './tools/handoff.tool';
import type { HttpRequestTool } from './tools/http-request.tool';
import type { KnowledgeBaseTool } from './tools/knowledge-base.tool';
import type { McpTool } from './tools/mcp.tool';
import type { OpenapiTool } from './tools/openapi.tool';
import type { RequestAuthorizationTool } from './tools/request-authorization.tool';
import type { UserInfoTool } from './tools/user-info.tool';
import type { WebSearchTool } from './tools/web-search.tool';

export const toolTypes = [
  'http_request',
  'openapi',
  'mcp',
  'knowledge_base',
  'web_search',
  'user_info',
  'request_authorization',
  'handoff',
] as const;
export type ToolType = (typeof toolTypes)[number];

/** What models take as the name of a tool. */
export const TOOL_NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** What an agent may do besides talking; told apart by `type`. */
export type AgentTool =
  | HttpRequestTool
  | OpenapiTool
  | McpTool
  | KnowledgeBaseTool
  | WebSearchTool
  | UserInfoTool
  | RequestAuthorizationTool
  | HandoffTool;
