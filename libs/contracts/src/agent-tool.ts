import { z } from 'zod';
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

/** What a run called: tools of its configuration, the memory of users that comes with `long_term`, or none there is. */
export const calledToolTypes = [...toolTypes, 'memory', 'unknown'] as const;
export type CalledToolType = (typeof calledToolTypes)[number];

/** How often an instance called tools of one type in one run, by how the calls ended. */
export const ToolCalls = z.object({
  type: z.enum(calledToolTypes),
  completed: z.int().min(0).max(1_000_000),
  failed: z.int().min(0).max(1_000_000),
  /** Not made, since nobody allowed them; absent from runners that counted them as failed. */
  rejected: z.int().min(0).max(1_000_000).optional(),
});
export type ToolCalls = z.infer<typeof ToolCalls>;

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
