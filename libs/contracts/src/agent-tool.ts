import type { HttpRequestTool } from './tools/http-request.tool';
import type { KnowledgeBaseTool } from './tools/knowledge-base.tool';
import type { OpenapiTool } from './tools/openapi.tool';

export const toolTypes = ['http_request', 'openapi', 'knowledge_base'] as const;
export type ToolType = (typeof toolTypes)[number];

/** What models take as the name of a tool. */
export const TOOL_NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** What an agent may do besides talking; told apart by `type`. */
export type AgentTool = HttpRequestTool | OpenapiTool | KnowledgeBaseTool;
