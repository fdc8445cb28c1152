import type { AgentTool } from '@roost/contracts';
import { handoffTool } from './handoff.tool';
import { httpRequestTool } from './http-request.tool';
import { mcpTools } from './mcp/mcp.tool';
import { requestAuthorizationTool } from './request-authorization.tool';
import type { BuiltTool, ToolBuilder, ToolServices } from './tool.builder';
import { userInfoTool } from './user-info.tool';
import { webSearchTool } from './web-search.tool';

/** How each type of tool is made. */
const builders: { [Type in AgentTool['type']]: ToolBuilder<Extract<AgentTool, { type: Type }>> } = {
  http_request: httpRequestTool,
  mcp: mcpTools,
  web_search: webSearchTool,
  user_info: userInfoTool,
  request_authorization: requestAuthorizationTool,
  handoff: handoffTool,
};

export function buildTool(tool: AgentTool, services: ToolServices): Promise<BuiltTool[]> {
  // The registry pairs each type with its builder, which the compiler cannot see through an index.
  const build = builders[tool.type] as ToolBuilder<AgentTool>;
  return build(tool, services);
}
