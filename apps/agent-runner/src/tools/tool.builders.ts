import type { AgentTool } from '@roost/contracts';
import { handoffTool } from './handoff.tool';
import { httpRequestTool } from './http-request.tool';
import { knowledgeBaseTool } from './knowledge-base.tool';
import { openapiTool } from './openapi/openapi.tool';
import { mcpTools } from './mcp/mcp.tool';
import { requestAuthorizationTool } from './request-authorization.tool';
import type { BuiltTool, ToolBuilder, ToolServices } from './tool.builder';
import { userInfoTool } from './user-info.tool';
import { webSearchTool } from './web-search.tool';

/** How each type of tool is made. */
const builders: { [Type in AgentTool['type']]: ToolBuilder<Extract<AgentTool, { type: Type }>> } = {
  http_request: httpRequestTool,
  openapi: openapiTool,
  mcp: mcpTools,
  knowledge_base: knowledgeBaseTool,
  web_search: webSearchTool,
  user_info: userInfoTool,
  request_authorization: requestAuthorizationTool,
  handoff: handoffTool,
};

export const buildTool = (tool: AgentTool, services: ToolServices): Promise<BuiltTool[]> =>
  // Which builder belongs to which tool is said by the table's type.
  (builders[tool.type] as ToolBuilder<AgentTool>)(tool, services);
